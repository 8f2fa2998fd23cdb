import { FleetWatch } from '../../src/fleet/fleet-watch.js';

interface FakeClocks {
  monotonic: number;
  sinceBoot: number;
  wall: number;
}

function watchOf(clocks: FakeClocks): FleetWatch {
  return new FleetWatch({
    monotonic: () => clocks.monotonic,
    sinceBoot: () => clocks.sinceBoot,
    wall: () => clocks.wall,
  });
}

function pass(clocks: FakeClocks, ms: Partial<FakeClocks>): void {
  clocks.monotonic += ms.monotonic ?? 0;
  clocks.sinceBoot += ms.sinceBoot ?? 0;
  clocks.wall += ms.wall ?? 0;
}

describe('the clocks of a process', () => {
  it.each([
    ['run alike', { monotonic: 60_000, sinceBoot: 60_000, wall: 60_000 }, false],
    ['show whole seconds', { monotonic: 900, sinceBoot: 0, wall: 900 }, false],
    ['have gone on while the machine was suspended', { monotonic: 0, sinceBoot: 5_000, wall: 5_000 }, true],
    ['were set ahead', { monotonic: 10, sinceBoot: 10, wall: 3_600_010 }, true],
    ['were set back', { monotonic: 10, sinceBoot: 10, wall: -3_600_000 }, true],
  ])('%s', (_what, ms, hasJumped) => {
    const clocks = { monotonic: 5, sinceBoot: 1_000, wall: 1e12 };
    const watch = watchOf(clocks);

    pass(clocks, ms);

    expect(watch.hasJumped()).toBe(hasJumped);
    // Once: what has been seen is over.
    expect(watch.hasJumped()).toBe(false);
    expect(watch.now).toBe(clocks.monotonic);
  });

  it('have gone on for a little again and again', () => {
    const clocks = { monotonic: 0, sinceBoot: 0, wall: 0 };
    const watch = watchOf(clocks);

    const seen = [1, 2, 3].map(() => {
      pass(clocks, { sinceBoot: 600, wall: 600 });
      return watch.hasJumped();
    });

    expect(seen).toEqual([false, true, false]);
  });

  it('of the system run alike', () => {
    expect(new FleetWatch().hasJumped()).toBe(false);
  });
});
