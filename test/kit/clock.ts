import { setImmediate as turnOfTheLoop } from 'node:timers/promises';

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** Time that passes when it is told to. Milliseconds. */
export class Clock {
  #now = 0;
  #sleepers: Sleeper[] = [];

  readonly now = (): number => this.#now;
  readonly wait = (ms: number): Promise<void> =>
    new Promise((wake) => this.#sleepers.push({ at: this.#now + ms, wake }));

  /** Lets everything that is due within this time happen, in order and each at its time. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await turnOfTheLoop();
      const [next] = this.#sleepers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
      if (!next) break;
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next);
      this.#now = next.at;
      next.wake();
    }
    this.#now = end;
  }
}
