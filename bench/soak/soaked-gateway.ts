import { readdirSync } from 'node:fs';

import { freePort } from '../../test/kit/ports.js';
import { temporaryHome, type Child } from '../kit/child.js';
import { openDescriptors } from '../kit/proc.js';
import { GATEWAY, untilReady } from '../kit/servers.js';
import type { Memory } from '../servers/calls.js';

const MIB = 1_048_576;

/** What {@link SoakedGateway.sample} measures, in this order. */
export const SAMPLED = ['resident MiB', 'heap MiB', 'descriptors', 'files'] as const;

/** A gateway with a home folder of its own, whose process may be ended and started anew. */
export class SoakedGateway {
  readonly #home = temporaryHome();
  #child!: Child;

  private constructor(private readonly port: number) {}

  /** @param begun takes it, even if it does not become ready */
  static async start(begun: SoakedGateway[]): Promise<SoakedGateway> {
    const gateway = new SoakedGateway(await freePort());
    begun.push(gateway);
    await gateway.#start();
    return gateway;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** Memory after garbage collection; files are those in its home folder. */
  async sample(): Promise<number[]> {
    const { resident, heap } = await this.#child.call<Memory>('memory');
    const files = readdirSync(this.#home, { recursive: true }).length;
    return [resident / MIB, heap / MIB, openDescriptors(this.#child.pid), files];
  }

  /** Rejects unless it ends as it should, and is ready again. */
  async restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#child.signal(signal);
    const exit = await this.#child.ended();
    const due = signal === 'SIGTERM' ? 0 : signal;
    if (exit !== due) throw new Error(`by ${signal} the gateway ended with ${exit}; there was: ${this.#child.output}`);
    await this.#start();
  }

  kill(): Promise<void> {
    return this.#child.kill();
  }

  async #start(): Promise<void> {
    this.#child = GATEWAY.start(this.port, { home: this.#home, isObserved: true });
    await untilReady(this.#child, this.port);
  }
}
