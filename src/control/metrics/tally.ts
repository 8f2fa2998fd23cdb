/** Upper bounds, in seconds. A longer duration is counted in the bucket of infinity. */
export const DURATION_BUCKETS = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];

/** Counts by a label. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(label: string): void {
    this.#counts.set(label, (this.#counts.get(label) ?? 0) + 1);
  }

  [Symbol.iterator](): IterableIterator<[label: string, count: number]> {
    return this.#counts.entries();
  }
}

/** A histogram of durations, as Prometheus counts it. */
export class DurationTally {
  /** One count for each of {@link DURATION_BUCKETS}, and one for longer durations. */
  readonly buckets = new Array<number>(DURATION_BUCKETS.length + 1).fill(0);
  seconds = 0;

  add(seconds: number): void {
    this.seconds += seconds;
    const index = DURATION_BUCKETS.findIndex((bound) => seconds <= bound);
    const bucket = index === -1 ? DURATION_BUCKETS.length : index;
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
  }
}
