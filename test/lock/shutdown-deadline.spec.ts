import { ShutdownDeadline } from '../../src/lock/shutdown-deadline.js';
import { within } from '../kit/deadline.js';

const HOUR_MS = 3_600_000;

describe('the deadline of a shutdown', () => {
  it('is the first one that was said, or a shorter one', async () => {
    const deadline = new ShutdownDeadline(HOUR_MS);

    deadline.begin();
    deadline.begin(20);
    deadline.begin();
    deadline.enter('onModuleDestroy');

    expect(await within(10_000, 'the report', deadline.overdue)).toBe('onModuleDestroy');
  });
});
