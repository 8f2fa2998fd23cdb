/** How long one that waits is left alone, so that many who come at once are not taken for a flood. Milliseconds. */
const GRACE_MS = 1_000;
/** How many times the limit may wait while they are within their grace. */
const CROWD = 16;

/**
 * Those who hold a place and have yet to say what for. Where there are more than the limit, who has waited for longest is
 * pushed out, so that a flood pushes out itself, and whoever comes with something to say is served.
 */
export class EvictionQueue<T> {
  /** With the time at which each came, first come first. */
  readonly #waiting = new Map<T, number>();

  constructor(
    private readonly limit: number,
    private readonly evict: (one: T) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  add(one: T): void {
    const now = this.now();
    this.#waiting.set(one, now);
    for (const [longest, since] of this.#waiting) {
      const { size } = this.#waiting;
      const isCrowd = size <= this.limit * CROWD && now - since < GRACE_MS;
      if (size <= this.limit || isCrowd) return;
      this.#waiting.delete(longest);
      this.evict(longest);
    }
  }

  delete(one: T): void {
    this.#waiting.delete(one);
  }
}
