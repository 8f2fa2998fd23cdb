import { once } from 'node:events';
import type { Server, Socket } from 'node:net';

import { onCleanUp } from './cleaner.js';
import { within } from './deadline.js';
import { portOf, stranger } from './net.js';

/** A start takes a tenth of a second, and many seconds beside busy processes; only a failure waits for so long. */
const DEADLINE_MS = 60_000;

/** A process that a program under test has started: `fixtures/companion.ts`, killed when the test ends. */
export class Companion {
  readonly #ended: Promise<unknown>;

  constructor(
    readonly pid: number,
    private readonly socket: Socket,
  ) {
    this.#ended = new Promise((resolve) => socket.once('close', resolve));
    onCleanUp(async () => {
      this.kill();
      await within(DEADLINE_MS, `the end of process ${pid}`, this.#ended);
    });
  }

  kill(): void {
    // The number is sure to be this process's only as long as it is connected.
    if (!this.socket.closed) process.kill(this.pid, 'SIGKILL');
  }

  /** Resolves when it has answered at this moment; a process number alone would be a zombie's as well. */
  async answer(): Promise<void> {
    const answered = once(this.socket, 'data');
    this.socket.write('are you there?');
    const gone = this.#ended.then(() => Promise.reject(new Error(`process ${this.pid} has ended`)));
    await within(DEADLINE_MS, `an answer of process ${this.pid}`, Promise.race([answered, gone]));
  }
}

/** Where companions report. */
export class Companions {
  readonly #arrived: Companion[] = [];
  readonly #server: Server;
  #onArrival: () => void = () => undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async expect(): Promise<Companions> {
    const companions: Companions = new Companions(await stranger({}, (socket) => companions.#welcome(socket)));
    return companions;
  }

  get port(): number {
    return portOf(this.#server);
  }

  async arrived(count: number): Promise<readonly Companion[]> {
    const complete = new Promise<void>((resolve) => {
      this.#onArrival = () => {
        if (this.#arrived.length >= count) resolve();
      };
      this.#onArrival();
    });
    await within(DEADLINE_MS, `${count} companions`, complete);
    return this.#arrived;
  }

  #welcome(socket: Socket): void {
    socket.once('data', (pid) => {
      this.#arrived.push(new Companion(Number(pid.toString()), socket));
      this.#onArrival();
    });
  }
}
