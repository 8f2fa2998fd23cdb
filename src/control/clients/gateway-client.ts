import type { WebSocket } from 'ws';

import type { WsClient } from '../../serving/ws-client.js';
import type { Scope } from '../access/tokens.js';
import type { ConnectParams } from '../wire/connect-params.js';
import { eventHead, numbered } from '../wire/frames.js';

/** A client that has been let in. */
export class GatewayClient {
  /** Milliseconds since the epoch. */
  readonly connectedAt = Date.now();
  #seq = 0;
  /** What it is told before it knows that it is in. */
  #early: string[] | undefined = [];

  constructor(
    /** A UUID of its own for every connection. */
    readonly id: string,
    /** What its token is good for. */
    readonly scopes: readonly Scope[],
    /** What it says of itself; believed in nothing. */
    readonly about: ConnectParams['client'],
    private readonly client: WsClient,
  ) {}

  get socket(): WebSocket {
    return this.client.socket;
  }

  get remoteAddress(): string {
    return this.client.remoteAddress;
  }

  /** @throws {TypeError} the payload has no form in JSON */
  send(event: string, payload: unknown): void {
    this.sendHead(eventHead(event, payload));
  }

  /** Sends an event that was made once for several clients; see `eventHead`. */
  sendHead(head: string): void {
    if (this.#early) this.#early.push(head);
    else this.client.send(numbered(head, ++this.#seq));
  }

  /** For the protocol, when the client has been told that it is in. */
  begin(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const head of early) this.sendHead(head);
  }

  close(code: number, reason: string): void {
    this.client.close(code, reason);
  }
}
