import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';

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
  #words = new Set<FromHeir | 'gone' | 'told to stop'>();
  #why: string | undefined;
  #onWord: () => void = () => undefined;
  /** Whether this gateway stops for its successor. */
  #isLeaving = false;

  /** @param background the variables of a gateway that a launcher has started; missing where a manager has */
  constructor(
    private readonly lock: GatewayLockService,
    private readonly manager: ServiceManager,
    private readonly background?: NodeJS.ProcessEnv,
  ) {}

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
    const heir = this.#spawnHeir();
    this.#heir = heir;
    const word = await within(this.#heard('prepared'), prepareMs);
    if (this.#words.has('told to stop'))
      throw new HandoverError('the gateway was told to stop, and hands nothing over');
    if (word === undefined || this.#words.has('gone')) {
      this.#heir = undefined;
      heir.kill('SIGKILL');
      const how = word === undefined ? `was not prepared within ${prepareMs} ms` : endOf(heir);
      const why = this.#why === undefined ? 'what it said is in the log' : `it said: ${this.#why}`;
      throw new HandoverError(`the new gateway ${how}, and this one goes on; ${why}`, exitCodeOfHeir(heir));
    }
    manager.isHandingOver = true;
    manager.status('handing over to a new process');
    // After the answer to the client that has asked for it.
    setImmediate(() => void this.#letGo());
  }

  /** Called at a stop signal, which is for the gateway, whichever process that is by now. */
  stop(): void {
    this.#words.add('told to stop');
    this.#heir?.kill('SIGTERM');
  }

  /**
   * Called when the app is closed: the successor starts. Resolves when it serves clients, and the manager knows it.
   *
   * @returns false where a successor should be there and is not
   */
  async finish(): Promise<boolean> {
    const heir = this.#heir;
    if (!heir || this.#words.has('told to stop')) return true;
    if (!this.#isLeaving) {
      // A client had it stop for good, or start anew, while the successor was made.
      heir.kill('SIGKILL');
      return true;
    }
    this.#tell('go');
    const word = await within(this.#heard('ready'), READY_MS);
    if (this.#words.has('told to stop')) return true;
    if (word === undefined || this.#words.has('gone')) {
      heir.kill('SIGKILL');
      await this.#heard('gone');
      this.#startAnother();
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
    await this.lock.stopAccepting();
    if (this.lock.phase !== 'ready') return;
    this.#isLeaving = true;
    await this.lock.beginShutdown({ reason: 'handing over to a new process', restartExpectedMs: READY_MS });
  }

  #spawnHeir(): ChildProcess {
    const { lock, manager } = this;
    const urls = lock.addresses.map(({ url }) => url).join(' ');
    // Without a hole: Node would leave descriptors after one open in children of the successor.
    const heir = this.#spawn({ ...manager.environment, [HEIR_VARIABLE]: urls }, [...lock.descriptors, 'ipc']);
    heir.on('message', (word) => this.#hear(word as FromHeir));
    heir.once('error', (error) => {
      this.#why = error.message;
      this.#hear('gone');
    });
    heir.once('exit', () => this.#hear('gone'));
    this.#words = new Set();
    this.#why = undefined;
    return heir;
  }

  /** A manager starts one by itself; a launcher has ended long ago. It binds the port, which is free by now. */
  #startAnother(): void {
    if (this.background) this.#spawn({}, []).unref();
  }

  #spawn(environment: NodeJS.ProcessEnv, descriptors: readonly (number | 'ipc')[]): ChildProcess {
    const stdio = ['ignore', 'inherit', 'inherit', ...descriptors] as StdioOptions;
    const env = { ...process.env, ...this.background, ...environment };
    return spawn(currentNode(), [...process.execArgv, ...process.argv.slice(1)], { env, stdio });
  }

  #tell(word: ToHeir): void {
    this.#heir?.send(word, () => undefined);
  }

  #hear(word: FromHeir | 'gone'): void {
    if (typeof word === 'object') this.#why = briefly(word.why.trim().split('\n', 1)[0] ?? '', MAX_WHY);
    this.#words.add(word);
    this.#onWord();
  }

  async #heard(word: FromHeir | 'gone'): Promise<true> {
    while (!this.#words.has(word) && !this.#words.has('gone')) {
      await new Promise<void>((resolve) => (this.#onWord = resolve));
    }
    return true;
  }
}

/** An upgrade of Node moves the link by which this process was started; the file behind it may be gone. */
function currentNode(): string {
  const { argv0, execPath } = process;
  return isAbsolute(argv0) && existsSync(argv0) ? argv0 : execPath;
}

function endOf({ pid, exitCode, signalCode }: ChildProcess): string {
  return pid === undefined ? 'could not be started' : `ended with ${String(exitCode ?? signalCode)}`;
}

/** @returns `undefined` where it has not ended by itself */
function exitCodeOfHeir({ pid, exitCode }: ChildProcess): number | undefined {
  return pid === undefined ? ExitCode.UNEXPECTED : (exitCode ?? undefined);
}
