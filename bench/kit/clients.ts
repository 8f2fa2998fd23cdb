import type { DialectName } from '../load/dialects.js';
import type { Run, RunOptions } from '../load/generator.js';
import { builtScript } from './built.js';
import { Child } from './child.js';

/** One process that is the clients of a server. */
export class Clients {
  readonly #child: Child;

  constructor(port: number, dialect: DialectName) {
    this.#child = new Child([builtScript('load/generator'), String(port), dialect], { answersCalls: true });
  }

  /** So many more, which are let in where there is such a thing. */
  open(connections: number): Promise<void> {
    return this.#child.call('open', connections);
  }

  /** From now on they read nothing, so that they do not answer a close either. */
  pause(): Promise<void> {
    return this.#child.call('pause');
  }

  /** Rejects unless the method is answered as it should be. */
  check(method: string): Promise<void> {
    return this.#child.call('check', method);
  }

  run(options: RunOptions): Promise<Run> {
    return this.#child.call('run', options);
  }

  latencies(options: Pick<RunOptions, 'method' | 'ms'>): Promise<number[]> {
    return this.#child.call('latencies', options);
  }

  /** From now on counts those that receive a message of such a length. */
  expect(lengths: { readonly least: number; readonly most: number }): Promise<void> {
    return this.#child.call('expect', lengths);
  }

  /** When the last of them has received it, on the clock of `monotonicNow`. */
  allReceived(): Promise<number> {
    return this.#child.call('allReceived');
  }

  kill(): Promise<void> {
    return this.#child.kill();
  }
}
