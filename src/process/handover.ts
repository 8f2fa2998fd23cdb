import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

import { within } from '../common/deadline.js';
import { briefly } from '../common/printable.js';
import type { GatewayLockService } from '../lock/gateway-lock.service.js';
import { HEIR_VARIABLE, type FromHeir, type ToHeir } from '../service/heir.js';
import type { ServiceManager } from '../service/service-manager.js';
import { ExitCode } from './exit-code.js';

/** How long the successor may take to load and to make its app, in milliseconds. */
const PREPARE_MS = 30_000;
/** How long it may take from then on until it serves clients, in milliseconds. */
const READY_MS = 10_000;
/** The least time for a client that has a connection open, and sends the next request over it, in milliseconds. */
const HEAR_OUT_MS = 250;

/** How much of its first line an operator is shown, in characters; the rest is in the log. */
const MAX_WHY = 1_000;

/** The successor did not come so far that this gateway could stop. */
export class HandoverError extends Error {
  override readonly name = 'HandoverError';

  constructor(
    message: string,
    /** With which code a command that has asked for it ends. */
    readonly exitCode: number = ExitCode.NOT_READY,
  ) {
    super(message);
  }
}

/**
 * Replaces this process by a new one, which gets its listeners: no connection is refused, and none is reset. The two apps
 * never work at once. Whatever fails before this one stops leaves it as it was.
 */
export class Handover {
  #heir: ChildProcess | undefined;
  #words = new Set<FromHeir | 'gone'>();
  #why: string | undefined;
  #onWord: () => void = () => undefined;

  constructor(
    private readonly lock: GatewayLockService,
    private readonly manager: ServiceManager,
  ) {}

  /** Whether this process has a successor, and is stopping for it. */
  get isUnderWay(): boolean {
    return this.#heir !== undefined;
  }

  /**
   * Starts the successor, and resolves when it has done all but to listen. This gateway then stops.
   *
   * @param prepareMs how long it may take to do so, in milliseconds
   * @throws {HandoverError} it could not; this gateway goes on
   */
  async begin(prepareMs = PREPARE_MS): Promise<void> {
    const { lock, manager } = this;
    if (lock.phase !== 'ready') throw new HandoverError(`the gateway is ${lock.phase}, and hands nothing over`);
    if (this.#heir) throw new HandoverError('another hand-over is under way');
    const heir = this.#spawn();
    this.#heir = heir;
    const word = await within(this.#heard('prepared'), prepareMs);
    if (word === undefined || this.#words.has('gone')) {
      this.#heir = undefined;
      heir.kill('SIGKILL');
      const how = word === undefined ? `was not prepared within ${prepareMs} ms` : `ended with ${endOf(heir)}`;
      const why = this.#why === undefined ? 'what it said is in the log' : `it said: ${this.#why}`;
      throw new HandoverError(`the new gateway ${how}, and this one goes on; ${why}`, heir.exitCode ?? undefined);
    }
    manager.isHandingOver = true;
    manager.status('handing over to a new process');
    // After the answer to the client that has asked for it.
    setImmediate(() => void this.#letGo());
  }

  /**
   * Called when the app is closed: the successor starts. Resolves when it serves clients, and the manager knows it.
   *
   * @returns whether it does
   */
  async finish(): Promise<boolean> {
    const heir = this.#heir;
    if (!heir) return false;
    this.#tell('go');
    if ((await within(this.#heard('ready'), READY_MS)) === undefined || this.#words.has('gone')) {
      heir.kill('SIGKILL');
      return false;
    }
    this.manager.handTo(heir.pid ?? 0);
    await this.manager.read();
    this.#tell('yours');
    heir.unref();
    return true;
  }

  /** New connections wait in the kernel from here on, until the successor accepts them. */
  async #letGo(): Promise<void> {
    await Promise.all([this.lock.stopAccepting(), delay(HEAR_OUT_MS)]);
    await this.lock.beginShutdown({ reason: 'handing over to a new process', restartExpectedMs: READY_MS });
  }

  #spawn(): ChildProcess {
    const { lock, manager } = this;
    const heir = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
      env: { ...process.env, ...manager.environment, [HEIR_VARIABLE]: lock.addresses.map(({ url }) => url).join(' ') },
      // Without a hole: Node would leave descriptors after one open in children of the successor.
      stdio: ['ignore', 'inherit', 'inherit', ...lock.descriptors, 'ipc'],
    });
    heir.on('message', (word) => this.#hear(word as FromHeir));
    heir.once('error', () => this.#hear('gone'));
    heir.once('exit', () => this.#hear('gone'));
    this.#words = new Set();
    this.#why = undefined;
    return heir;
  }

  #tell(word: ToHeir): void {
    this.#heir?.send(word, () => undefined);
  }

  #hear(word: FromHeir | 'gone'): void {
    if (typeof word === 'object') this.#why = briefly(word.why.trim().split('\n', 1)[0] ?? '', MAX_WHY);
    this.#words.add(word);
    this.#onWord();
  }

  async #heard(word: FromHeir): Promise<true> {
    while (!this.#words.has(word) && !this.#words.has('gone')) {
      await new Promise<void>((resolve) => (this.#onWord = resolve));
    }
    return true;
  }
}

function endOf({ exitCode, signalCode }: ChildProcess): string {
  return String(exitCode ?? signalCode ?? 'no process');
}
