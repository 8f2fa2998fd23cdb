import { setTimeout as delay } from 'node:timers/promises';

import { Client } from '../../test/kit/net.js';
import { Operator } from '../../test/kit/operator.js';

/** Between two attempts of a client that has lost its WebSocket, in milliseconds. */
const RETRY_MS = 5;

export interface Stays {
  /** From the end of a WebSocket until the next one was let in, in milliseconds. */
  readonly awayMs: number[];
  /** How often each close code has come. */
  readonly codes: Map<number, number>;
}

/** Clients that hold a WebSocket, and come back at once when it ends. */
export class Guests {
  readonly #stays: Stays = { awayMs: [], codes: new Map() };
  readonly #clients: Promise<unknown>;
  readonly #open = new Set<Client>();
  #isOver = false;

  /** @param token of a gateway; without one the server lets in whatever connects */
  constructor(
    private readonly url: string,
    clients: number,
    private readonly token?: string,
  ) {
    this.#clients = Promise.all(Array.from({ length: clients }, () => this.#stay()));
  }

  async leave(): Promise<Stays> {
    this.#isOver = true;
    const stays = { awayMs: [...this.#stays.awayMs], codes: new Map(this.#stays.codes) };
    for (const { socket } of this.#open) socket.close();
    await this.#clients;
    return stays;
  }

  async #stay(): Promise<void> {
    let leftAt: number | undefined;
    while (!this.#isOver) {
      const client = await this.#comeIn();
      if (!client) continue;
      if (leftAt !== undefined) this.#stays.awayMs.push(performance.now() - leftAt);
      this.#open.add(client);
      const { code } = await client.closed;
      this.#open.delete(client);
      leftAt = performance.now();
      this.#stays.codes.set(code, (this.#stays.codes.get(code) ?? 0) + 1);
    }
  }

  async #comeIn(): Promise<Client | undefined> {
    try {
      if (this.token === undefined) return await Client.open(this.url);
      return (await Operator.open(this.url, { token: this.token })).client;
    } catch {
      await delay(RETRY_MS);
      return undefined;
    }
  }
}
