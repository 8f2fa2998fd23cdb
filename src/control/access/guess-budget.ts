/** How many new tokens one caller may have compared in a second. */
const GUESSES_PER_SECOND = 4;
const SECOND_MS = 1_000;
/** How many callers are remembered. A caller that has more addresses than that needs none of them twice. */
const MAX_CALLERS = 1_000;
/** How many wrong tokens are remembered, so that a client that repeats one costs its caller nothing. */
const MAX_WRONG_TOKENS = 1_000;

/** What became of a token that was shown. */
export type Judgement<T> =
  | { readonly kind: 'right'; readonly value: T }
  | { readonly kind: 'wrong' }
  /** Nothing was compared. */
  | { readonly kind: 'busy' };

/**
 * Bounds how fast a token can be guessed: each caller has at most four new tokens compared in any second. Nothing waits
 * in a queue: a further token is judged `busy`. A wrong token that was judged before is no new guess.
 */
export class GuessBudget<T> {
  /** When each caller had its latest tokens compared, oldest first; the caller that has been quiet for longest is first. */
  readonly #callers = new Map<string, number[]>();
  /** By digest, so that no token is kept; the oldest is first. */
  readonly #wrong = new Set<string>();

  /** @param now a monotonic clock, in milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** How many callers are remembered. */
  get size(): number {
    return this.#callers.size;
  }

  /** Whether the token is known to be wrong. */
  isKnownWrong(digest: string): boolean {
    return this.#wrong.has(digest);
  }

  /** @param compare what the token is good for; `undefined` for a wrong token */
  judge(caller: string, digest: string, compare: () => T | undefined): Judgement<T> {
    if (this.isKnownWrong(digest)) return { kind: 'wrong' };
    const earlier = this.#earlierOf(caller);
    if (earlier.length >= GUESSES_PER_SECOND) return { kind: 'busy' };
    const value = compare();
    if (value !== undefined) return { kind: 'right', value };
    earlier.push(this.now());
    remember(this.#callers, caller, earlier);
    if (this.#callers.size > MAX_CALLERS) forgetFirst(this.#callers);
    this.#wrong.add(digest);
    if (this.#wrong.size > MAX_WRONG_TOKENS) forgetFirst(this.#wrong);
    return { kind: 'wrong' };
  }

  #earlierOf(caller: string): number[] {
    const since = this.now() - SECOND_MS;
    return (this.#callers.get(caller) ?? []).filter((at) => at > since);
  }
}

/** Puts an entry at the end of a map, wherever it was. */
function remember<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key);
  map.set(key, value);
}

function forgetFirst<K>(collection: Map<K, unknown> | Set<K>): void {
  for (const key of collection.keys()) {
    collection.delete(key);
    return;
  }
}
