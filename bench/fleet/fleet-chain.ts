import type { End } from '../takeover/contenders.js';
import { SIGNAL_FOR } from '../takeover/contenders.js';
import { ACTIVE, launchMember, tokenOf, WAITING, type FleetMember } from './members.js';

/** A chain of deaths in a fleet: the one that took over is the next to die, and a fresh one waits in its place. */
export class FleetChain {
  #active!: FleetMember;
  #waiting: FleetMember[] = [];

  constructor(
    private readonly databaseUrl: string,
    private readonly standbys: number,
    private readonly end: Exclude<End, 'exit'>,
  ) {}

  async begin(): Promise<void> {
    this.#active = await launchMember(this.databaseUrl);
    await this.#active.child.printed(ACTIVE);
    await this.#fillUp();
  }

  /**
   * @returns from the signal to the line of the successor that says that it listens, in milliseconds
   * @throws {Error} not exactly one took over, or its token is not greater
   */
  async round(): Promise<number> {
    const former = this.#active;
    const begun = performance.now();
    former.child.signal(SIGNAL_FOR[this.end]);
    const next = await Promise.race(
      this.#waiting.map(async (member) => {
        await member.child.printed(ACTIVE);
        return member;
      }),
    );
    const ms = performance.now() - begun;
    await former.child.ended();
    if (tokenOf(next) <= tokenOf(former)) throw new Error(`token ${tokenOf(next)} came after ${tokenOf(former)}`);
    this.#active = next;
    this.#waiting = this.#waiting.filter((member) => member !== next);
    await this.#fillUp();
    // By now the others have gone on waiting, or have had the time to take over too.
    const others = this.#waiting.filter(({ child }) => child.hasPrinted(ACTIVE)).length;
    if (others > 0) throw new Error(`${others + 1} took over`);
    return ms;
  }

  async close(): Promise<void> {
    const left = [this.#active, ...this.#waiting].filter(({ child }) => child.exit === undefined);
    await Promise.all(left.map(({ child }) => child.kill()));
  }

  async #fillUp(): Promise<void> {
    const missing = this.standbys - this.#waiting.length;
    const fresh = await Promise.all(Array.from({ length: missing }, () => launchMember(this.databaseUrl)));
    this.#waiting.push(...fresh);
    await Promise.all(fresh.map(({ child }) => child.printed(WAITING)));
  }
}
