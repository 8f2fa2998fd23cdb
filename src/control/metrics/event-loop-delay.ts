import { DurationTally } from './tally.js';
import { watchLateness } from './timer-lateness.js';

/** The period of the timer whose delay is measured. */
const INTERVAL_MS = 100;
const MS_PER_SECOND = 1e3;

/**
 * Measures how late the event loop runs a timer. The histogram counts up and is never reset, so that any number of
 * readers see every delay.
 */
export class EventLoopDelay {
  readonly tally = new DurationTally();
  #timer: NodeJS.Timeout | undefined;

  /** @param now a monotonic clock, in milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Begins to measure; the second time it does nothing. Does not keep the process alive. */
  start(): void {
    this.#timer ??= watchLateness(INTERVAL_MS, (lateMs) => this.tally.add(lateMs / MS_PER_SECOND), this.now);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
