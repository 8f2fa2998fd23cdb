import { LogMemory } from '../../src/process/log-memory.js';

function memoryOf(...lines: string[]): LogMemory {
  const memory = new LogMemory();
  for (const line of lines) memory.add(line);
  return memory;
}

describe('LogMemory', () => {
  it('gives the last lines, and goes on from its cursor without a gap', () => {
    const memory = memoryOf('one', 'two', 'three');

    const first = memory.tail({ limit: 2 });
    memory.add('four');
    const second = memory.tail({ cursor: first.cursor });

    expect(first).toEqual({
      file: `log of pid ${process.pid}`,
      cursor: 14,
      size: 14,
      lines: ['two', 'three'],
      truncated: true,
      reset: false,
    });
    expect(second).toMatchObject({ lines: ['four'], truncated: false, reset: false });
    expect(memory.tail({ cursor: second.cursor })).toMatchObject({ lines: [], truncated: false, reset: false });
  });

  it('has nothing to give before there is a line', () => {
    expect(new LogMemory().tail()).toMatchObject({ cursor: 0, size: 0, lines: [], truncated: false, reset: false });
  });

  it('begins anew for a cursor of another log', () => {
    expect(memoryOf('one').tail({ cursor: 5 })).toMatchObject({ lines: ['one'], reset: true });
  });

  it('gives no more bytes than were asked for', () => {
    expect(memoryOf('one', 'two', 'über').tail({ maxBytes: 6 })).toMatchObject({ lines: ['über'], truncated: true });
  });

  it('forgets the oldest lines, and says so', () => {
    const lines = Array.from({ length: 12_000 }, (_, index) => `line ${index}`);
    const memory = memoryOf(...lines);

    expect(memory.tail({ limit: 5_000, maxBytes: 1_000_000 })).toMatchObject({
      lines: lines.slice(-5_000),
      truncated: true,
    });
    expect(memory.tail({ cursor: 0, limit: 1 })).toMatchObject({ lines: ['line 11999'], reset: true });
  });

  it('keeps no more than a megabyte of long lines', () => {
    const long = 'x'.repeat(99_999);
    const memory = memoryOf(...Array<string>(25).fill(long));

    expect(memory.tail({ limit: 5_000, maxBytes: 10_000_000 }).lines).toHaveLength(10);
  });
});
