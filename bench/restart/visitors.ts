import { connect } from 'node:net';

const REQUEST = 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n';

/** How the connections of some clients have ended. */
export interface Visits {
  /** From the call of connect to the first byte of the answer, in milliseconds. */
  readonly answeredMs: number[];
  /** The kernel has refused them: no process listens. */
  refused: number;
  /** They were accepted, or waited to be, and ended without an answer. */
  cutOff: number;
}

/** Clients that connect to a port again and again, with one request for each connection. */
export class Visitors {
  readonly #visits: Visits = { answeredMs: [], refused: 0, cutOff: 0 };
  readonly #clients: Promise<unknown>;
  #isOver = false;

  constructor(
    private readonly port: number,
    clients: number,
  ) {
    this.#clients = Promise.all(Array.from({ length: clients }, () => this.#visitAgainAndAgain()));
  }

  async leave(): Promise<Visits> {
    this.#isOver = true;
    await this.#clients;
    return this.#visits;
  }

  async #visitAgainAndAgain(): Promise<void> {
    while (!this.#isOver) await this.#visit();
  }

  #visit(): Promise<void> {
    const startedAt = performance.now();
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      let answeredMs: number | undefined;
      let isRefused = false;
      socket.once('connect', () => socket.write(REQUEST));
      socket.once('data', () => (answeredMs = performance.now() - startedAt));
      socket.on('error', ({ code }: NodeJS.ErrnoException) => (isRefused = code === 'ECONNREFUSED'));
      socket.once('close', () => {
        if (answeredMs !== undefined) this.#visits.answeredMs.push(answeredMs);
        else if (isRefused) this.#visits.refused++;
        else this.#visits.cutOff++;
        resolve();
      });
      socket.resume();
    });
  }
}
