import { Injectable } from '@nestjs/common';
import type { WebSocket } from 'ws';

import { eventHead, type StateVersion } from '../wire/frames.js';
import type { GatewayClient } from './gateway-client.js';

/** From this length on, an event is not copied for each client: a second frame for its number costs less than that. */
const SHARED_LENGTH = 1_024;

/**
 * The clients that have been admitted, for gateway classes that send events. Provided by `GatewayLockModule`.
 *
 * @example
 * ```ts
 * constructor(private readonly clients: GatewayClients) {}
 * announce(note: Note): void {
 *   this.clients.send('notes.added', note, { to: ({ scopes }) => scopes.includes('operator.read') });
 * }
 * ```
 */
@Injectable()
export class GatewayClients {
  readonly #clients = new Map<WebSocket, GatewayClient>();

  /** How many clients are admitted at this moment. */
  get size(): number {
    return this.#clients.size;
  }

  /** The clients, in the order of their arrival. */
  [Symbol.iterator](): IterableIterator<GatewayClient> {
    return this.#clients.values();
  }

  /** The client of the socket that a handler gets as `@ConnectedSocket()`; `undefined` for one that is not admitted. */
  of(socket: WebSocket): GatewayClient | undefined {
    return this.#clients.get(socket);
  }

  /**
   * Sends an event to all clients, or to those that `to` selects. The payload is made into text once for all of them.
   *
   * @param to selects the clients; all of them by default
   * @param stateVersion what the event says of the state of the gateway; left out by default
   * @throws {TypeError} the payload has no form in JSON
   */
  send(
    event: string,
    payload: unknown,
    {
      to = () => true,
      stateVersion,
    }: { readonly to?: (client: GatewayClient) => boolean; readonly stateVersion?: StateVersion } = {},
  ): void {
    const text = eventHead(event, payload, stateVersion);
    const head = text.length < SHARED_LENGTH ? text : Buffer.from(text);
    for (const client of this.#clients.values()) {
      if (to(client)) client.sendHead(head);
    }
  }

  /** @internal */
  add(client: GatewayClient): void {
    this.#clients.set(client.socket, client);
  }

  /** @internal */
  remove(client: GatewayClient): void {
    this.#clients.delete(client.socket);
  }
}
