import { ShutdownWatch } from '../../src/lock/shutdown-watch.js';
import { within } from '../kit/deadline.js';

const HOUR_MS = 3_600_000;

describe('the deadline of a shutdown', () => {
  it('is the first one that was said, or a shorter one', async () => {
    const watch = new ShutdownWatch(HOUR_MS);

    watch.begin();
    watch.begin(20);
    watch.begin();
    watch.enter('onModuleDestroy');

    expect(await within(10_000, 'the report', watch.overdue)).toBe('onModuleDestroy');
  });
});
