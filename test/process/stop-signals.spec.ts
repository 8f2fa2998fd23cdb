import { StopSignals } from '../../src/process/stop-signals.js';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;

describe('StopSignals', () => {
  let ended: number[];
  let signals: StopSignals;

  beforeEach(() => {
    jest.useFakeTimers();
    ended = [];
    signals = new StopSignals((code) => ended.push(code));
  });

  afterEach(() => {
    jest.useRealTimers();
    for (const signal of SIGNALS) process.removeAllListeners(signal);
  });

  const receive = (signal: NodeJS.Signals, afterMs = 0): void => {
    jest.advanceTimersByTime(afterMs);
    process.emit(signal);
  };

  it('reports the first', async () => {
    receive('SIGINT');

    expect(await signals.first).toBe('SIGINT');
    expect(ended).toEqual([]);
  });

  it.each(SIGNALS)('takes %s for a stop', async (signal) => {
    receive(signal);

    expect(await signals.first).toBe(signal);
  });

  it('takes the same one within half a second for one delivery', () => {
    receive('SIGINT');
    receive('SIGINT', 1);
    receive('SIGINT', 499);

    expect(ended).toEqual([]);
  });

  it('ends with 128 and the number of the same one after that', () => {
    receive('SIGTERM');
    receive('SIGTERM', 501);

    expect(ended).toEqual([143]);
  });

  it('hands over at SIGUSR2 where there is a way to, until a stop has begun', async () => {
    const onHandover = jest.fn();
    signals.onHandover = onHandover;
    receive('SIGUSR2');
    receive('SIGUSR2', 1);
    expect([onHandover.mock.calls.length, ended]).toEqual([2, []]);

    receive('SIGTERM');
    receive('SIGUSR2');

    expect(await signals.first).toBe('SIGTERM');
    expect([onHandover.mock.calls.length, ended]).toEqual([2, [140]]);
  });

  it('ends at once on the other one', () => {
    receive('SIGTERM');
    receive('SIGINT');

    expect(ended).toEqual([130]);
  });
});
