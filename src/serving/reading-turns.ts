/** What all turns together have between two looks of the event loop at new connections and at other data. */
const ROUND_BYTES = 64 * 1024;
const ROUND_MS = 5;

/** A connection that waits for its turn. */
export interface TurnTaker {
  /** Returns false for a connection that cannot use its turn. */
  beginTurn(): boolean;
}

/**
 * Says which connection of a gateway is read next, so that none keeps the others waiting. A connection that sends much at
 * once gets a turn, and its next one after the turns of all others. In each round of the event loop, all turns together
 * have a limit.
 */
export class ReadingTurns {
  readonly #waiting = new Set<TurnTaker>();
  #isRoundOpen = false;
  #roundEndsAt = 0;
  #bytesLeft = 0;

  /** Whether a connection may have its turn at once: none waits, and there is room in this round. */
  get isFree(): boolean {
    return this.#waiting.size === 0 && this.#hasRoom;
  }

  /** How much the turn that begins now may take of this round. */
  get bytesLeft(): number {
    return this.#bytesLeft;
  }

  /** Gives a connection a turn, after all others that wait. */
  enqueue(taker: TurnTaker): void {
    this.#waiting.add(taker);
    this.#openRound();
  }

  /** Ends the turn of a connection, which had so many bytes, and begins the next one if there is room. */
  endTurn(bytes: number): void {
    this.#bytesLeft -= bytes;
    this.#beginTurn();
  }

  get #hasRoom(): boolean {
    this.#openRound();
    return this.#bytesLeft > 0 && performance.now() < this.#roundEndsAt;
  }

  #openRound(): void {
    if (this.#isRoundOpen) return;
    this.#isRoundOpen = true;
    this.#bytesLeft = ROUND_BYTES;
    this.#roundEndsAt = performance.now() + ROUND_MS;
    setImmediate(() => {
      this.#isRoundOpen = false;
      this.#beginTurn();
    });
  }

  #beginTurn(): void {
    for (const taker of this.#waiting) {
      if (!this.#hasRoom) return;
      this.#waiting.delete(taker);
      // It goes on when its bytes come, which calls for the next.
      if (taker.beginTurn()) return;
    }
  }
}
