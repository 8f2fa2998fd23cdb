import type { Child } from '../kit/child.js';
import { SIGNAL_FOR, type End } from '../takeover/contenders.js';

/** Processes of which one is to work while the others wait. */
export interface Candidates {
  launch(): Promise<Child>;
  /** What each prints when it waits, and when it works. */
  readonly waiting: RegExp;
  readonly active: RegExp;
  /** Finds the token of one that works in its output. */
  readonly token: RegExp;
}

/** A chain of deaths in a fleet: the one that took over is the next to die, and a fresh one waits in its place. */
export class FleetChain {
  #active!: Child;
  #waiting: Child[] = [];

  constructor(
    private readonly candidates: Candidates,
    private readonly standbys: number,
    private readonly end: Exclude<End, 'exit'>,
  ) {}

  async begin(): Promise<void> {
    this.#active = await this.candidates.launch();
    await this.#active.printed(this.candidates.active);
    await this.#fillUp();
  }

  /**
   * @returns from the signal to the line of the successor that says that it works, in milliseconds
   * @throws {Error} not exactly one took over, or its token is not greater
   */
  async round(): Promise<number> {
    const { active } = this.candidates;
    const former = this.#active;
    const begun = performance.now();
    former.signal(SIGNAL_FOR[this.end]);
    const next = await Promise.race(
      this.#waiting.map(async (child) => {
        await child.printed(active);
        return child;
      }),
    );
    const ms = performance.now() - begun;
    await former.ended();
    const [token, last] = [this.#tokenOf(next), this.#tokenOf(former)];
    if (token <= last) throw new Error(`token ${token} came after ${last}`);
    this.#active = next;
    this.#waiting = this.#waiting.filter((child) => child !== next);
    await this.#fillUp();
    // By now the others have gone on waiting, or have had the time to take over too.
    const others = this.#waiting.filter((child) => child.hasPrinted(active)).length;
    if (others > 0) throw new Error(`${others + 1} took over`);
    return ms;
  }

  async close(): Promise<void> {
    const left = [this.#active, ...this.#waiting].filter(({ exit }) => exit === undefined);
    await Promise.all(left.map((child) => child.kill()));
  }

  async #fillUp(): Promise<void> {
    const missing = this.standbys - this.#waiting.length;
    const fresh = await Promise.all(Array.from({ length: missing }, () => this.candidates.launch()));
    this.#waiting.push(...fresh);
    await Promise.all(fresh.map((child) => child.printed(this.candidates.waiting)));
  }

  #tokenOf({ output }: Child): bigint {
    return BigInt(this.candidates.token.exec(output)?.[1] ?? 0);
  }
}
