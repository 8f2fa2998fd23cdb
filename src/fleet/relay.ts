import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import type { RequestRefusal } from '../serving/access-policy.js';
import { NOT_TO_RELAY, type StandIn } from '../serving/stand-in.js';
import { RelayedClient, type RelayEnd } from './relayed-client.js';

/** What a relay is put together from. */
export interface RelayParts {
  /** The name of the fleet. */
  readonly fleet: string;
  /** Where the active gateway is reached; undefined where that is not known, or it does not say. */
  readonly target: () => string | undefined;
  /** Called when the active gateway was not reached there, or has become a standby itself. */
  readonly onStale: () => void;
  /** How many clients may be relayed at a time: each takes two file descriptors. */
  readonly most: number;
}

const UNKNOWN: RequestRefusal = { status: 503, reason: 'gateway is standby' };
const TOO_MANY: RequestRefusal = { status: 503, reason: 'too many connections' };

/** Passes the clients of a gateway that stands by on to the active one, which lets them in or not. */
export class FleetRelay implements StandIn {
  readonly #clients = new Set<RelayedClient>();
  readonly #parts: RelayParts;
  #connecting = 0;
  /** How clients are closed that come too late. */
  #end: RelayEnd | undefined;

  constructor(parts: RelayParts) {
    this.#parts = parts;
  }

  /** How many clients are relayed at this moment. */
  get size(): number {
    return this.#clients.size;
  }

  get notice(): object {
    return { standby: true, activeUrl: this.#parts.target() ?? null };
  }

  get sentence(): string {
    const target = this.#parts.target();
    const active =
      target === undefined
        ? 'It does not know where the active one is reached.'
        : `The active one is at ${target.replace(/^ws/, 'http')}`;
    return `This gateway stands by in fleet ${this.#parts.fleet}. ${active}`;
  }

  upgrade(request: IncomingMessage, socket: Socket, head: Buffer, refuse: (refusal: RequestRefusal) => void): void {
    const isToRelay = !Object.keys(NOT_TO_RELAY).some((header) => header in request.headers);
    const target = isToRelay ? this.#parts.target() : undefined;
    if (target === undefined) refuse(UNKNOWN);
    else if (this.size + this.#connecting >= this.#parts.most) refuse(TOO_MANY);
    else void this.#relay(new URL(target), request, socket, head, refuse);
  }

  /**
   * Closes every client, and each one that is about to come.
   *
   * @returns resolves when all are gone
   */
  async close(end: RelayEnd): Promise<void> {
    this.#end = end;
    const clients = [...this.#clients];
    for (const client of clients) client.close(end);
    await Promise.all(clients.map(({ closed }) => closed));
  }

  async #relay(
    target: URL,
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    refuse: (refusal: RequestRefusal) => void,
  ): Promise<void> {
    this.#connecting++;
    const client = await RelayedClient.connect(target, request, socket, head);
    this.#connecting--;
    if (socket.destroyed) return;
    if (!(client instanceof RelayedClient)) {
      if (client.status === 503) this.#parts.onStale();
      refuse(client);
      return;
    }
    this.#clients.add(client);
    void client.closed.then(() => this.#clients.delete(client));
    if (this.#end) client.close(this.#end);
  }
}
