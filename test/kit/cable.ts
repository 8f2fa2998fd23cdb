import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readlinkSync } from 'node:fs';

import { onCleanUp } from './cleaner.js';
import { until } from './deadline.js';
import type { Program } from './program.js';

const WAIT_MS = 30_000;

/** A network between this machine and a program in a network namespace of its own (veth(4)), which can be cut. */
export class Cable {
  /** The two addresses, of a net that is kept for tests of networks (RFC 2544). */
  readonly near: string;
  readonly far: string;
  readonly #nearEnd: string;
  readonly #farEnd: string;

  private constructor() {
    const number = randomInt(1 << 14);
    const net = `198.${18 + (number >> 13)}.${(number >> 5) & 255}`;
    const first = (number & 31) * 8;
    [this.near, this.far] = [`${net}.${first + 1}`, `${net}.${first + 2}`];
    [this.#nearEnd, this.#farEnd] = [`oc-near-${number}`, `oc-far-${number}`];
  }

  /** @throws {Error} this user may not, or this system cannot */
  static lay(): Cable {
    const cable = new Cable();
    onCleanUp(() => spawnSync('ip', ['link', 'delete', cable.#nearEnd]));
    run('ip', 'link', 'add', cable.#nearEnd, 'type', 'veth', 'peer', 'name', cable.#farEnd);
    run('ip', 'address', 'add', `${cable.near}/30`, 'dev', cable.#nearEnd);
    run('ip', 'link', 'set', cable.#nearEnd, 'up');
    return cable;
  }

  async plugInto({ pid }: Program): Promise<void> {
    const networkOf = (process: number | 'self'): string => readlinkSync(`/proc/${process}/ns/net`);
    await until(WAIT_MS, 'the namespace', () => networkOf(pid) !== networkOf('self'));
    const inside = ['nsenter', '-t', String(pid), '-n', 'ip'] as const;
    run('ip', 'link', 'set', this.#farEnd, 'netns', String(pid));
    run(...inside, 'address', 'add', `${this.far}/30`, 'dev', this.#farEnd);
    run(...inside, 'link', 'set', this.#farEnd, 'up');
  }

  /** From now on no packet passes, and neither end hears of the other. */
  cut(): void {
    run('ip', 'link', 'set', this.#nearEnd, 'down');
  }
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

/** Why there can be no cable here, in brackets, for the name of a test that is skipped; empty where there can. */
export const NO_CABLE = whyNoCable();

function whyNoCable(): string {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') return ' (needs Linux, and root)';
  const [near, far] = [`oc-a-${process.pid}`, `oc-b-${process.pid}`];
  const added = spawnSync('ip', ['link', 'add', near, 'type', 'veth', 'peer', 'name', far]);
  if (added.status === 0) spawnSync('ip', ['link', 'delete', near]);
  return added.status === 0 ? '' : ' (needs ip, and to be let to make a veth)';
}
