import type { WebSocket } from 'ws';

import type { WsClient } from '../../serving/ws-client.js';
import type { ClientScope } from '../../options/access.options.js';
import type { ConnectParams } from '../wire/connect-params.js';
import { eventHead, numbered, numberedEnd } from '../wire/frames.js';

/**
 * A client that has been admitted. `GatewayClients` finds it.
 *
 * @example
 * ```ts
 * @SubscribeMessage('notes.watch')
 * watch(@ConnectedSocket() socket: WebSocket): void {
 *   this.clients.of(socket)?.send('notes.all', this.notes);
 * }
 * ```
 */
export class GatewayClient {
  /** When it was admitted, in milliseconds since the epoch. */
  readonly connectedAt = Date.now();
  #seq = 0;
  #requests = 0;
  /** Events that wait until the client has been told that it is admitted. */
  #early: (string | Buffer)[] | undefined = [];

  /** @internal */
  constructor(
    /** A UUID, new for every connection. */
    readonly id: string,
    /** What its token allows. */
    readonly scopes: readonly ClientScope[],
    /** What the client says of itself: texts of at most 256 characters, none of which is verified. */
    readonly about: ConnectParams['client'],
    private readonly client: WsClient,
  ) {}

  /** The socket that a handler gets as `@ConnectedSocket()`. */
  get socket(): WebSocket {
    return this.client.socket;
  }

  /** How many messages it has sent since it was admitted, each of which is to be a request. */
  get requests(): number {
    return this.#requests;
  }

  /** @internal */
  countRequest(): void {
    this.#requests++;
  }

  /** The IP address that the connection came from. */
  get remoteAddress(): string {
    return this.client.remoteAddress;
  }

  /**
   * Sends an event to this client alone. A client that does not read is closed with 1013 instead.
   *
   * @throws {TypeError} the payload has no form in JSON
   */
  send(event: string, payload: unknown): void {
    this.sendHead(eventHead(event, payload));
  }

  /**
   * Sends an event that was made once for several clients; see `eventHead`.
   *
   * @param head the bytes of a long one, which are shared, and not copied for each client
   * @internal
   */
  sendHead(head: string | Buffer): void {
    if (this.#early) this.#early.push(head);
    else if (typeof head === 'string') this.client.send(numbered(head, ++this.#seq));
    else this.client.sendFragments(head, numberedEnd(++this.#seq));
  }

  /**
   * Begins to send events: the client has been told that it is admitted.
   *
   * @internal
   */
  begin(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const head of early) this.sendHead(head);
  }

  /**
   * Closes the connection with a close frame (RFC 6455, 7.4).
   *
   * @param reason at most 123 bytes in UTF-8
   * @throws {TypeError} the code may not be sent
   * @throws {RangeError} the reason is too long
   */
  close(code: number, reason: string): void {
    this.client.close(code, reason);
  }
}
