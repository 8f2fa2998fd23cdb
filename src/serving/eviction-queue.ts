/** How long an entry is left alone, so that many that arrive at once are not taken for a flood. */
const GRACE_MS = 1_000;
/** How many times the limit may be queued while all are within their grace. */
const CROWD = 16;

/**
 * Connections that take a place and have not yet asked for anything. Beyond the limit the oldest is evicted: a flood
 * evicts its own connections, and a client that does ask is served.
 */
export class EvictionQueue<T> {
  readonly #waiting = new Map<T, number>();

  constructor(
    private readonly limit: number,
    private readonly evict: (one: T) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get size(): number {
    return this.#waiting.size;
  }

  /** Each with the time of its arrival, oldest first. */
  entries(): IterableIterator<[T, number]> {
    return this.#waiting.entries();
  }

  add(one: T): void {
    const now = this.now();
    this.#waiting.set(one, now);
    for (const [oldest, since] of this.#waiting) {
      const { size } = this.#waiting;
      const isCrowd = size <= this.limit * CROWD && now - since < GRACE_MS;
      if (size <= this.limit || isCrowd) return;
      this.#waiting.delete(oldest);
      this.evict(oldest);
    }
  }

  delete(one: T): void {
    this.#waiting.delete(one);
  }
}
