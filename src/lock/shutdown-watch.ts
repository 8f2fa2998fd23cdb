/** One deadline for a whole shutdown. It knows which hook was running when it passed. */
export class ShutdownWatch {
  /** Resolves with the name of the hook that hangs; never rejects. */
  readonly overdue: Promise<string>;

  #report!: (hook: string) => void;
  #hook = 'the drain';
  #timer: NodeJS.Timeout | undefined;

  /** @param deadlineMs from the first sign of the shutdown to its end, in milliseconds */
  constructor(private readonly deadlineMs: number) {
    this.overdue = new Promise((resolve) => (this.#report = resolve));
  }

  begin(): void {
    this.#timer ??= setTimeout(() => this.#report(this.#hook), this.deadlineMs);
  }

  enter(hook: string): void {
    this.#hook = hook;
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
