import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { onCleanUp } from './cleaner.js';

/** The processor is for the gateway that starts, too. */
const PAUSE_MS = 2;
const REQUEST = 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n';

/** How the connections of a load have ended. */
export interface Outcomes {
  answered: number;
  /** The kernel has refused them: no process listens. */
  refused: number;
  /** They were accepted, or waited to be, and ended without an answer. */
  cutOff: number;
}

/** Clients that connect to a port again and again, with one request for each connection, until they are stopped. */
export class Load {
  readonly outcomes: Outcomes = { answered: 0, refused: 0, cutOff: 0 };
  #isStopped = false;
  readonly #clients: Promise<unknown>;

  constructor(
    private readonly port: number,
    clients = 8,
  ) {
    this.#clients = Promise.all(Array.from({ length: clients }, () => this.#run()));
    onCleanUp(() => this.stop());
  }

  /** Ends when the last request has. */
  async stop(): Promise<Outcomes> {
    this.#isStopped = true;
    await this.#clients;
    return this.outcomes;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      this.outcomes[await this.#request()]++;
      await delay(PAUSE_MS);
    }
  }

  #request(): Promise<keyof Outcomes> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      let outcome: keyof Outcomes = 'cutOff';
      socket.once('connect', () => socket.write(REQUEST));
      socket.once('data', () => (outcome = 'answered'));
      socket.on('error', ({ code }: NodeJS.ErrnoException) => {
        if (code === 'ECONNREFUSED') outcome = 'refused';
      });
      socket.once('close', () => resolve(outcome));
      socket.resume();
    });
  }
}
