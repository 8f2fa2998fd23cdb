import { setTimeout as delay } from 'node:timers/promises';

import { freePort } from '../../test/kit/ports.js';
import type { Child } from '../kit/child.js';
import { SIGNAL_FOR, type Contender, type End } from './contenders.js';
import { firstAnswer } from './first-answer.js';

export interface Round {
  /** How many of those that waited have held the port. */
  readonly tookOver: number;
  /** From the signal that ends the holder to the successor's first answer. Milliseconds. */
  readonly ms?: number;
  /** What went otherwise than it should. */
  readonly fault?: string;
}

/** From waking those that wait to the holder's end: no process is to be measured while it is still getting going. */
const SETTLE_MS = 100;

/** A chain of deaths: the process that took over is the next to die, and a fresh one waits in its place. */
export class Chain {
  readonly #launched: Child[] = [];
  #port = 0;
  #holder!: Child;
  #waiting: Child[] = [];

  constructor(
    private readonly contender: Contender,
    private readonly standbys: number,
    private readonly end: End,
  ) {}

  async begin(): Promise<void> {
    this.#port = await freePort();
    this.#holder = this.#launch();
    await this.#holder.printed(this.contender.holding);
    await this.#fillUp();
    this.#suspend();
  }

  /** What a contender did wrong is in the round, and the chain begins anew; rejects only if it cannot. */
  async round(): Promise<Round> {
    const candidates = [...this.#waiting];
    let ms: number | undefined;
    const faults: string[] = [];
    try {
      ms = await this.#handOver();
    } catch (error) {
      faults.push((error as Error).message);
    }
    const tookOver = candidates.filter((child) => child.hasPrinted(this.contender.holding)).length;
    if (tookOver !== 1) faults.unshift(`${tookOver} took over`);
    if (faults.length === 0 && ms !== undefined) {
      this.#suspend();
      return { tookOver, ms };
    }
    await this.close();
    await this.begin();
    return { tookOver, fault: faults.join('; ') };
  }

  async close(): Promise<void> {
    const ended = this.#launched.splice(0).map((child) => child.kill());
    this.#waiting = [];
    await Promise.all(ended);
  }

  /** @returns how long it took; by then everybody else has gone on waiting, or has had the time to take over too */
  async #handOver(): Promise<number> {
    const { contender, end } = this;
    const former = this.#holder;
    if (contender.spins) this.#waiting.forEach((child) => child.signal('SIGCONT'));
    await delay(SETTLE_MS);

    const begun = performance.now();
    former.signal(SIGNAL_FOR[end]);
    const pid = await firstAnswer(this.#port, former.pid);
    const ms = performance.now() - begun;

    const successor = this.#waiting.find((child) => child.pid === pid);
    if (!successor) throw new Error(`process ${pid} answered, which was not among those that waited`);
    this.#holder = successor;
    this.#waiting = this.#waiting.filter((child) => child !== successor);
    await successor.printed(contender.holding);
    const exit = await former.ended();
    if (exit !== contender.exits[end]) throw new Error(`the holder ended with ${exit}`);
    const goesOn = contender.waitingFor?.(pid);
    if (goesOn) await Promise.all(this.#waiting.map((child) => child.printed(goesOn)));
    await this.#fillUp();
    const lost = [successor, ...this.#waiting].find((child) => child.exit !== undefined);
    if (lost) throw new Error(`process ${lost.pid} ended (${String(lost.exit)}) without being told to`);
    return ms;
  }

  async #fillUp(): Promise<void> {
    const fresh = Array.from({ length: this.standbys - this.#waiting.length }, () => this.#launch());
    this.#waiting.push(...fresh);
    await Promise.all(fresh.map((child) => child.printed(this.contender.waiting)));
  }

  #suspend(): void {
    if (this.contender.spins) this.#waiting.forEach((child) => child.signal('SIGSTOP'));
  }

  #launch(): Child {
    const child = this.contender.launch(this.#port);
    this.#launched.push(child);
    return child;
  }
}
