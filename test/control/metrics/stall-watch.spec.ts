import { Logger } from '@nestjs/common';

import { StallWatch } from '../../../src/control/metrics/stall-watch.service.js';
import { withDefaults } from '../../../src/options/gateway-lock.options.js';
import { onCleanUp } from '../../kit/cleaner.js';
import { within } from '../../kit/deadline.js';

/** Twice what is a stall: one of that length is never overlooked. */
const STALL_MS = 2_000;

/** The first warning, once there is one. */
function warned(protocol: 'nest' | 'openclaw'): { readonly first: Promise<string>; readonly count: () => number } {
  let tell: (line: string) => void = () => undefined;
  const first = new Promise<string>((resolve) => (tell = resolve));
  const spy = jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => tell(line));
  const watch = new StallWatch(withDefaults({ protocol }));
  watch.onApplicationBootstrap();
  onCleanUp(() => {
    watch.onApplicationShutdown();
    spy.mockRestore();
  });
  return { first, count: () => spy.mock.calls.length };
}

function standStill(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STALL_MS);
}

describe('an event loop that stands still', () => {
  it('is a line in the log, once it goes on', async () => {
    const { first } = warned('openclaw');

    standStill();

    expect(await within(10_000, 'the line', first)).toMatch(
      /^the event loop stood still for \d+\.\d s, in which nothing was answered$/,
    );
  });

  it('is not reported in an app of another protocol, which is not watched', () => {
    jest.useFakeTimers();
    onCleanUp(() => jest.useRealTimers());
    const { count } = warned('nest');

    expect([jest.getTimerCount(), count()]).toEqual([0, 0]);
  });
});
