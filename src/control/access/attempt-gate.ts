import { setTimeout as delay } from 'node:timers/promises';

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 5_000;
/** How many of one address may wait for their turn. */
const MAX_WAITING = 16;
/** How long a failure is remembered. Milliseconds. */
const MEMORY_MS = 60_000;
/** How many addresses are remembered. Whoever has more of them than that has no need to come from one twice. */
const MAX_ADDRESSES = 1_000;

export type AttemptOutcome<T> = { readonly kind: 'judged'; readonly value: T | undefined } | { readonly kind: 'busy' };

interface Caller {
  /** The end of the attempt before. */
  turn: Promise<void>;
  waiting: number;
  failures: number;
  /** When the next comparison may be made, on the clock of `now`. */
  nextAt: number;
}

/**
 * Lets the attempts of one address to present a token be compared one at a time, and after a failure not for a while:
 * 250 ms, doubling to 5 s. It is the comparison that waits, so nothing is gained by hanging up, or by opening many
 * connections; nobody is locked out for good.
 */
export class AttemptGate {
  /** The one that has not come for longest first. */
  readonly #callers = new Map<string, Caller>();

  constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly wait: (ms: number) => Promise<unknown> = (ms) => delay(ms, undefined, { ref: false }),
  ) {}

  /** How many addresses are remembered. */
  get size(): number {
    return this.#callers.size;
  }

  /**
   * @param compare what the token is good for; `undefined` for a wrong one
   * @param isGone whether whoever asked has hung up; then nothing is compared
   */
  async attempt<T>(address: string, compare: () => T | undefined, isGone: () => boolean): Promise<AttemptOutcome<T>> {
    const caller = this.#callerAt(address);
    if (caller.waiting >= MAX_WAITING) return { kind: 'busy' };
    caller.waiting++;
    const before = caller.turn;
    let endTurn: () => void = () => undefined;
    caller.turn = new Promise((resolve) => (endTurn = resolve));
    await before;
    try {
      if (!isGone()) await this.#waitFor(caller);
      return { kind: 'judged', value: isGone() ? undefined : this.#compare(caller, compare) };
    } finally {
      caller.waiting--;
      endTurn();
    }
  }

  async #waitFor({ nextAt }: Caller): Promise<void> {
    const ms = nextAt - this.now();
    if (ms > 0) await this.wait(ms);
  }

  #compare<T>(caller: Caller, compare: () => T | undefined): T | undefined {
    const value = compare();
    if (value === undefined) {
      caller.nextAt = this.now() + Math.min(FIRST_DELAY_MS * 2 ** caller.failures, MAX_DELAY_MS);
      caller.failures++;
    } else {
      caller.failures = 0;
    }
    return value;
  }

  #callerAt(address: string): Caller {
    const caller = this.#callers.get(address) ?? { turn: Promise.resolve(), waiting: 0, failures: 0, nextAt: 0 };
    if (caller.waiting === 0 && this.now() > caller.nextAt + MEMORY_MS) caller.failures = 0;
    // At the end again, so that the first is the one that has not come for longest.
    this.#callers.delete(address);
    this.#callers.set(address, caller);
    if (this.#callers.size > MAX_ADDRESSES) this.#forgetLongest(caller);
    return caller;
  }

  #forgetLongest(newest: Caller): void {
    for (const [address, caller] of this.#callers) {
      if (caller.waiting > 0 || caller === newest) continue;
      this.#callers.delete(address);
      return;
    }
  }
}
