import type { Server } from 'node:http';

import { WsAdapter } from '@nestjs/platform-ws';
import type { MessageMappingProperties } from '@nestjs/websockets';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';

import type { WsMessageParser } from '../options/serving.options.js';
import type { GatewayWebSockets } from './gateway-websockets.js';
import { NestFormat } from './nest-format.js';

/** How long a client may take to answer a close frame before its connection is cut off. */
const CLOSE_TIMEOUT_MS = 2_000;

/**
 * Serves `@WebSocketGateway()` classes on the listener of the lock, and on no other. `GatewayLockModule` installs it:
 * an app calls neither `useWebSocketAdapter()` nor the constructor.
 *
 * @example
 * ```ts
 * constructor(private readonly adapter: GatewayWsAdapter) {}
 * broadcast(text: string): void {
 *   for (const socket of this.adapter.clients) socket.send(text);
 * }
 * ```
 */
export class GatewayWsAdapter extends WsAdapter {
  readonly #webSockets: GatewayWebSockets;
  readonly #maxPayloadBytes: number;

  /** @internal */
  constructor(http: Server, webSockets: GatewayWebSockets, { maxPayloadBytes }: { readonly maxPayloadBytes: number }) {
    super(http);
    this.#webSockets = webSockets;
    this.#maxPayloadBytes = maxPayloadBytes;
  }

  /** A copy of the set of open WebSockets, those of clients that are not yet admitted included. */
  get clients(): ReadonlySet<WebSocket> {
    return new Set(this.#webSockets.clients.keys());
  }

  /**
   * Replaces the parser of what clients send, and the protocol by `nest`. Call it before the start; the option
   * `ws.messageParser` does the same.
   *
   * @default a parser of `{"event": string, "data": any}`
   */
  override setMessageParser(parser: WsMessageParser): void {
    this.#webSockets.format = new NestFormat(this.logger, parser);
  }

  /**
   * Called by Nest for each distinct path of the gateway classes.
   *
   * @throws {Error} a class asks for a port of its own, or for a namespace
   */
  override create(port: number, options: ServerOptions & { namespace?: string; path?: string } = {}): WebSocketServer {
    if (port !== 0) {
      throw new Error(
        `@WebSocketGateway(${port}) asks for a port of its own, which the gateway lock would not guard: leave the port out, and the gateway is served on the lock's listener`,
      );
    }
    const { namespace, path = '/', ...wsOptions } = options;
    if (namespace !== undefined) {
      throw new Error(
        `@WebSocketGateway({ namespace: ${JSON.stringify(namespace)} }): WebSockets have no namespaces, give a path instead`,
      );
    }
    // @types/ws does not know the option yet.
    const closing: ServerOptions = { closeTimeout: CLOSE_TIMEOUT_MS } as ServerOptions;
    const server = new WebSocketServer({
      ...closing,
      maxPayload: this.#maxPayloadBytes,
      // ws selects the first that a client offers, whatever it is; a gateway speaks none of them.
      handleProtocols: () => false,
      ...wsOptions,
      noServer: true,
      // The automatic pongs would pile up, without a limit, for a client that pings and does not read.
      autoPong: false,
    });
    this.#webSockets.addPath(path, server);
    return server;
  }

  /** Called by Nest for each gateway class of a path when a client enters. */
  override bindMessageHandlers(socket: WebSocket, handlers: MessageMappingProperties[]): void {
    this.#webSockets.bindHandlers(socket, handlers);
  }

  /** Called by Nest for each gateway class of a path when a client enters. */
  override bindClientDisconnect(socket: WebSocket, callback: () => void): void {
    socket.on('close', callback);
  }
}
