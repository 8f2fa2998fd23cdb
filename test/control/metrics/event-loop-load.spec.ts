import { EventLoopLoad } from '../../../src/control/metrics/event-loop-load.js';
import { onCleanUp } from '../../kit/cleaner.js';

const number = expect.any(Number) as number;

/** A load on a clock of its own, and what lets its timers run. */
function load(): { readonly load: EventLoopLoad; readonly pass: (ms: number, lateMs?: number) => void } {
  jest.useFakeTimers({ doNotFake: ['performance'] });
  let now = 5_000;
  const load = new EventLoopLoad(() => now);
  onCleanUp(() => {
    load.stop();
    jest.useRealTimers();
  });
  const pass = (ms: number, lateMs = 0): void => {
    for (let passed = 0; passed < ms; passed += 100) {
      now += 100 + lateMs;
      jest.advanceTimersByTime(100);
    }
  };
  return { load, pass };
}

describe('how busy the process is', () => {
  it('is measured from the first question on', () => {
    const { load: asked, pass } = load();

    expect(asked.read()).toBeUndefined();
    pass(2_000);

    expect(asked.read()).toEqual({
      degraded: false,
      degradedSinceMs: null,
      reasons: [],
      intervalMs: 2_000,
      delayP99Ms: 0,
      delayMaxMs: 0,
      utilization: number,
      cpuCoreRatio: number,
    });
  });

  it('is how late timers were, and how much CPU time the stretch took', () => {
    const { load: asked, pass } = load();
    asked.read();
    pass(5_000);
    pass(200, 70);
    const used = jest.spyOn(process, 'cpuUsage').mockReturnValue({ user: 1_000_000, system: 602_000 });
    onCleanUp(() => used.mockRestore());

    expect(asked.read()).toMatchObject({ intervalMs: 5_340, delayP99Ms: 70, delayMaxMs: 70, cpuCoreRatio: 0.3 });
  });

  it('is of the time since the question before', () => {
    const { load: asked, pass } = load();
    asked.read();
    pass(1_000, 30);
    asked.read();
    pass(3_000);

    expect(asked.read()).toMatchObject({ intervalMs: 3_000, delayMaxMs: 0 });
  });

  it('is the same for two that ask one after the other', () => {
    const { load: asked, pass } = load();
    asked.read();
    pass(2_000);
    const first = asked.read();
    pass(500);

    expect(asked.read()).toBe(first);
  });

  it('is not measured when no client has asked for a minute, and begins anew', () => {
    const { load: asked, pass } = load();
    asked.read();
    pass(60_000);

    expect(jest.getTimerCount()).toBe(0);
    expect(asked.read()).toBeUndefined();
    pass(1_000);
    expect(asked.read()).toMatchObject({ intervalMs: 1_000 });
  });
});
