import { whileWaiting } from '../../src/cli/progress.js';

describe('a command at a terminal', () => {
  let written = '';

  beforeEach(() => {
    written = '';
    jest.useFakeTimers();
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      written += String(text);
      return true;
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  async function writtenAfter(ms: number, flags: { json?: boolean } = {}, isTerminal = true): Promise<string> {
    let finish: (value: number) => void = () => undefined;
    const work = whileWaiting('stopping', new Promise<number>((resolve) => (finish = resolve)), flags, isTerminal);
    jest.advanceTimersByTime(ms);
    finish(7);
    expect(await work).toBe(7);
    jest.advanceTimersByTime(10_000);
    return written;
  }

  it('says once what it waits for, after a second', async () => {
    expect(await writtenAfter(5_000)).toBe('stopping …\n');
  });

  it('says nothing of what is done sooner', async () => {
    expect(await writtenAfter(999)).toBe('');
  });

  it.each([[{ json: true }, true] as const, [{}, false] as const])(
    'says nothing to a script: %j, at a terminal: %s',
    async (flags, isTerminal) => {
      expect(await writtenAfter(5_000, flags, isTerminal)).toBe('');
    },
  );

  it('passes on why the work has failed', async () => {
    await expect(whileWaiting('stopping', Promise.reject(new Error('gone')), {}, true)).rejects.toThrow('gone');
    expect(jest.getTimerCount()).toBe(0);
  });
});
