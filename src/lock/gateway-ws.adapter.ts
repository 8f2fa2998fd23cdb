import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { Inject, Injectable } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { MessageMappingProperties } from '@nestjs/websockets';
import { Subscription, type Observable } from 'rxjs';
import { WebSocketServer, type RawData, type ServerOptions, type WebSocket } from 'ws';

import { GATEWAY_LOCK_SETTINGS } from './gateway-lock.module-definition.js';
import type { GatewayLockSettings } from './gateway-lock.options.js';
import { GatewayLockServer, refuseUpgrade, requestPath } from './gateway-lock.server.js';

/** What clients are told when the gateway stops. */
export interface ShutdownNotice {
  /** For people: a signal's name, or why. */
  readonly reason: string;
  /** When the gateway is expected back, in milliseconds; `null` if it is not. */
  readonly restartExpectedMs: number | null;
}

/** RFC 6455, 7.4.1, and the IANA registry of close codes for 1012. */
const GOING_AWAY = { code: 1001, reason: 'gateway stopped' };
const SERVICE_RESTART = { code: 1012, reason: 'service restart' };

interface Client {
  readonly socket: WebSocket;
  /** The handlers that are working for it. */
  readonly running: Subscription;
  pending: number;
  onIdle: (() => void) | undefined;
}

/**
 * Serves `@WebSocketGateway()` classes on the listener of the lock, and on no other: upgrades come from the lock's
 * server, which lets them in only while the gateway is ready.
 */
@Injectable()
export class GatewayWsAdapter extends WsAdapter {
  readonly #server: GatewayLockServer;
  readonly #maxPayloadBytes: number;
  readonly #endpoints = new Map<string, WebSocketServer>();
  readonly #clients = new Map<WebSocket, Client>();
  #farewell = GOING_AWAY;

  constructor(server: GatewayLockServer, @Inject(GATEWAY_LOCK_SETTINGS) { ws }: GatewayLockSettings) {
    super(server.http);
    this.#server = server;
    this.#maxPayloadBytes = ws.maxPayloadBytes;
    const { messageParser } = ws;
    if (messageParser) this.setMessageParser((message) => messageParser(message));
    server.onUpgrade = (request, socket, head) => this.#upgrade(request, socket, head);
  }

  /** Called by Nest for each distinct path of the gateway classes. */
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
    const endpoint = new WebSocketServer({ maxPayload: this.#maxPayloadBytes, ...wsOptions, noServer: true });
    this.#endpoints.set(withSlash(path), endpoint);
    return endpoint;
  }

  override bindMessageHandlers(
    socket: WebSocket,
    handlers: MessageMappingProperties[],
    transform: (result: unknown) => Observable<unknown>,
  ): void {
    const client = this.#clientOf(socket);
    const byEvent = new Map(handlers.map((handler) => [handler.message as string, handler]));
    socket.on('message', (data: RawData, isBinary: boolean) => {
      // Modules are being torn down behind a draining gateway: a message must not reach them any more.
      if (this.#server.phase !== 'ready') return;
      const message = isBinary ? data : (data as Buffer).toString();
      this.#dispatch(client, this.bindMessageHandler({ data: message }, byEvent, transform));
    });
  }

  /**
   * Tells every client that the gateway stops, lets running handlers answer, closes, and cuts off who has not closed
   * when the grace is over. A client that reads within the grace sees a close frame and never an abnormal end.
   */
  async drain(notice: ShutdownNotice, graceMs: number): Promise<void> {
    if (notice.restartExpectedMs !== null) this.#farewell = SERVICE_RESTART;
    const timers: NodeJS.Timeout[] = [];
    const after = (ms: number): Promise<void> => new Promise((resolve) => timers.push(setTimeout(resolve, ms)));
    // Half for the handlers, so that one that never ends leaves its client time to read the close frame.
    const answered = after(graceMs / 2);
    const over = after(graceMs);
    await Promise.all([...this.#clients.values()].map((client) => this.#dismiss(client, notice, answered, over)));
    for (const timer of timers) clearTimeout(timer);
  }

  async #dismiss(client: Client, notice: ShutdownNotice, answered: Promise<void>, over: Promise<void>): Promise<void> {
    const { socket } = client;
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify({ event: 'shutdown', data: notice }));
    const idle = client.pending === 0 ? Promise.resolve() : new Promise<void>((resolve) => (client.onIdle = resolve));
    await Promise.race([idle, answered, closed]);
    socket.close(this.#farewell.code, this.#farewell.reason);
    await Promise.race([closed, over]);
    if (socket.readyState !== socket.CLOSED) socket.terminate();
    await closed;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const endpoint = this.#endpoints.get(withSlash(requestPath(request)));
    if (!endpoint) {
      refuseUpgrade(socket, 404);
      return;
    }
    endpoint.handleUpgrade(request, socket, head, (webSocket) => {
      this.#clientOf(webSocket);
      // A gateway class may have taken its time over `verifyClient`.
      if (this.#server.phase !== 'ready') {
        webSocket.close(this.#farewell.code, this.#farewell.reason);
        return;
      }
      endpoint.emit('connection', webSocket, request);
    });
  }

  #clientOf(socket: WebSocket): Client {
    const known = this.#clients.get(socket);
    if (known) return known;
    const client: Client = { socket, running: new Subscription(), pending: 0, onIdle: undefined };
    this.#clients.set(socket, client);
    // A client that breaks the protocol is closed by ws with the code for it; that is its fault, not an error of ours.
    socket.on('error', (error) => this.logger.debug(`a client broke the protocol: ${error.message}`));
    socket.once('close', () => {
      this.#clients.delete(socket);
      client.running.unsubscribe();
    });
    return client;
  }

  #send({ socket }: Client, result: unknown): void {
    try {
      socket.send(JSON.stringify(result));
    } catch (error) {
      // A result that JSON has no form for must not cost all clients their gateway.
      this.logger.error(error);
    }
  }

  #dispatch(client: Client, results: Observable<unknown>): void {
    client.pending++;
    const subscription = results.subscribe({
      next: (result) => {
        if (result === undefined || result === null) return;
        if (client.socket.readyState === client.socket.OPEN) this.#send(client, result);
      },
      error: (error: unknown) => this.logger.error(error),
    });
    subscription.add(() => {
      if (--client.pending === 0) client.onIdle?.();
    });
    client.running.add(subscription);
  }
}

function withSlash(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed.startsWith('/') ? trimmed : `/${trimmed}`;
}
