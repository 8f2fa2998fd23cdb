/** One deadline for a whole shutdown. It knows which hook was running when it passed. */
export class ShutdownDeadline {
  /** Resolves with the name of the hook that hangs; never rejects. */
  readonly overdue: Promise<string>;

  #report!: (hook: string) => void;
  #hook = 'the drain';
  #timer: NodeJS.Timeout | undefined;
  #endsAt = Infinity;

  /** @param deadlineMs from the first sign of the shutdown to its end, in milliseconds */
  constructor(private readonly deadlineMs: number) {
    this.overdue = new Promise((resolve) => (this.#report = resolve));
  }

  /**
   * Lets the deadline run from now on. One that runs already can be made shorter, and never longer.
   *
   * @param withinMs in milliseconds
   * @default that of the constructor
   */
  begin(withinMs = this.deadlineMs): void {
    const endsAt = performance.now() + Math.min(withinMs, this.deadlineMs);
    if (endsAt >= this.#endsAt) return;
    clearTimeout(this.#timer);
    this.#endsAt = endsAt;
    this.#timer = setTimeout(() => this.#report(this.#hook), endsAt - performance.now());
  }

  /** How long the shutdown may still take, in milliseconds. */
  get leftMs(): number {
    return Math.max(this.#endsAt - performance.now(), 0);
  }

  enter(hook: string): void {
    this.#hook = hook;
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
