import { LogReader, type LogFilter } from '../../src/launcher/read-log.js';

const at = (time: string, level: string, message: string): string =>
  JSON.stringify({ time: `2026-01-31T${time}:00.000+00:00`, level, pid: 1, subsystem: 'gateway', message });

const LOG = [
  'before any time',
  at('10:00', 'info', 'started'),
  at('11:00', 'warn', 'a refusal'),
  at('12:00', 'error', 'lost'),
  '----- a crash -----',
  at('13:00', 'info', 'started again'),
];

function read(filter: LogFilter, chunks: readonly Buffer[]): string[] {
  const reader = new LogReader(filter);
  const lines = [...chunks.flatMap((chunk) => reader.read(chunk)), ...reader.rest()];
  return lines.map(({ text, parsed }) => parsed?.message ?? text);
}

const whole = [Buffer.from(`${LOG.join('\n')}\n`)];

describe('LogReader', () => {
  it('gives every line, whole, however the bytes come', () => {
    const bytes = Buffer.from(`${LOG.join('\n')}\nüber`);
    const chunks = Array.from(bytes, (byte) => Buffer.from([byte]));

    expect(read({}, chunks)).toEqual([
      'before any time',
      'started',
      'a refusal',
      'lost',
      '----- a crash -----',
      'started again',
      'über',
    ]);
  });

  it('gives what is as grave as a level, and what has none', () => {
    expect(read({ level: 'warn' }, whole)).toEqual(['before any time', 'a refusal', 'lost', '----- a crash -----']);
  });

  it('gives what was written since a time, a crash at the time of the line before it', () => {
    const since = Date.parse('2026-01-31T12:00:00Z');

    expect(read({ since }, whole)).toEqual(['lost', '----- a crash -----', 'started again']);
    expect(read({ since, level: 'error' }, whole)).toEqual(['lost', '----- a crash -----']);
  });
});
