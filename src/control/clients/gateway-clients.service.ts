import { Injectable } from '@nestjs/common';
import type { WebSocket } from 'ws';

import { eventHead, type StateVersion } from '../wire/frames.js';
import type { GatewayClient } from './gateway-client.js';

/** The clients that have been let in, for gateway classes that have something to tell them. */
@Injectable()
export class GatewayClients {
  readonly #clients = new Map<WebSocket, GatewayClient>();

  get size(): number {
    return this.#clients.size;
  }

  /** In the order in which they came. */
  [Symbol.iterator](): IterableIterator<GatewayClient> {
    return this.#clients.values();
  }

  /** The client behind the socket that a handler is given as `@ConnectedSocket()`. */
  of(socket: WebSocket): GatewayClient | undefined {
    return this.#clients.get(socket);
  }

  /**
   * Sends an event to all clients, or to those chosen. It is made into text once, whatever their number.
   *
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
    const head = eventHead(event, payload, stateVersion);
    for (const client of this.#clients.values()) {
      if (to(client)) client.sendHead(head);
    }
  }

  /** For the protocol, when it has let a client in. */
  add(client: GatewayClient): void {
    this.#clients.set(client.socket, client);
  }

  /** For the protocol, when the connection of a client is gone. */
  remove(client: GatewayClient): void {
    this.#clients.delete(client.socket);
  }
}
