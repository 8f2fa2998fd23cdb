import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { Inject, Injectable } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { MessageMappingProperties } from '@nestjs/websockets';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';

import { GATEWAY_LOCK_SETTINGS } from '../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings, WsMessageParser } from '../options/gateway-lock.options.js';
import { GatewayHttpServer, requestPath } from './gateway-http.server.js';
import { NestFormat } from './nest-format.js';
import { CloseCode, WsClient, type MessageHandler, type WsClientHost } from './ws-client.js';
import type { WsFormat } from './ws-format.js';
import type { ShutdownNotice } from './ws-session.js';
import { WsHeartbeat } from './ws-heartbeat.js';

interface Farewell {
  readonly code: number;
  readonly reason: string;
}

const GOING_AWAY: Farewell = { code: CloseCode.GOING_AWAY, reason: 'gateway stopped' };
const SERVICE_RESTART: Farewell = { code: CloseCode.SERVICE_RESTART, reason: 'service restart' };

/** How long a client that is being closed may take to answer the close frame. Milliseconds. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Of `Sec-WebSocket-Version`; RFC 6455 is 13. */
const DRAFT_VERSION = 8;

/** The gateway classes of one path. */
interface Endpoint {
  readonly server: WebSocketServer;
  /** For each message, where its handlers are among those of a client; the same for all clients. */
  readonly places: Map<string, number[]>;
  /** How many handlers of a client have a place: all, once the first client has entered. */
  placed: number;
}

const NOWHERE: readonly number[] = [];

/**
 * Serves `@WebSocketGateway()` classes on the listener of the lock, and on no other: upgrades come from the lock's
 * server, which lets them in only while the gateway is ready.
 */
@Injectable()
export class GatewayWsAdapter extends WsAdapter implements WsClientHost {
  readonly maxBufferedBytes: number;
  /** Called for each client that is cut off because it did not read, or gave no sign of life. */
  onDropped: (client: WsClient, why: 'slow' | 'dead') => void = () => undefined;

  readonly #server: GatewayHttpServer;
  readonly #limits: GatewayLockSettings['ws'];
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #clients = new Map<WebSocket, WsClient>();
  readonly #heartbeat: WsHeartbeat;
  /** Of clients that are yet to enter, what Nest wants to know of their upgrade. */
  readonly #requests = new WeakMap<WsClient, IncomingMessage>();
  #format: WsFormat;
  #farewell = GOING_AWAY;

  constructor(server: GatewayHttpServer, @Inject(GATEWAY_LOCK_SETTINGS) { ws }: GatewayLockSettings) {
    super(server.http);
    this.#server = server;
    this.#limits = ws;
    this.maxBufferedBytes = ws.maxBufferedBytes;
    this.#format = new NestFormat(this.logger, ws.messageParser);
    this.#heartbeat = new WsHeartbeat(
      () => this.#clients.values(),
      (client) => this.#drop(client, 'dead'),
      ws.pingIntervalMs,
    );
    server.onUpgrade = (request, socket, head) => this.#upgrade(request, socket, head);
  }

  /** Every client, also those that are not yet let in. */
  get clients(): ReadonlyMap<WebSocket, WsClient> {
    return this.#clients;
  }

  /** Replaces the format of all messages. Before the start. */
  speak(format: WsFormat): void {
    this.#format = format;
  }

  override setMessageParser(parser: WsMessageParser): void {
    this.#format = new NestFormat(this.logger, parser);
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
    // @types/ws does not know the option yet.
    const closing: ServerOptions = { closeTimeout: CLOSE_TIMEOUT_MS } as ServerOptions;
    const server = new WebSocketServer({
      ...closing,
      maxPayload: this.#limits.maxPayloadBytes,
      ...wsOptions,
      noServer: true,
      // Its answers would pile up, without a limit, for a client that pings and does not read.
      autoPong: false,
    });
    // Else ws answers by itself, and nobody notes it.
    server.on('wsClientError', (_error, socket, request) =>
      this.#server.refuseUpgrade(request, socket, 400, 'not a WebSocket handshake'),
    );
    this.#endpoints.set(withSlash(path), { server, places: new Map(), placed: 0 });
    this.#heartbeat.start();
    return server;
  }

  /** Called by Nest for each gateway class of a path when a client enters, always in the same order. */
  override bindMessageHandlers(socket: WebSocket, handlers: MessageMappingProperties[]): void {
    const client = this.#clients.get(socket);
    const endpoint = client && this.#endpoints.get(client.path);
    if (!endpoint) return;
    const first = client.handlers.length;
    // What is the same for all clients is not kept for each of them.
    client.handlers = client.handlers.concat(handlers.map(({ callback }) => callback));
    if (endpoint.placed >= client.handlers.length) return;
    endpoint.placed = client.handlers.length;
    handlers.forEach(({ message }, index) => {
      const name = message as string;
      endpoint.places.set(name, [...(endpoint.places.get(name) ?? []), first + index]);
    });
  }

  /** Called by Nest for each gateway class of a path when a client enters. */
  override bindClientDisconnect(socket: WebSocket, callback: () => void): void {
    socket.on('close', callback);
  }

  enter(client: WsClient): boolean {
    const request = this.#requests.get(client);
    this.#requests.delete(client);
    // A handshake, or the `verifyClient` of a gateway class, may have taken its time.
    if (!this.isReady) {
      client.close(this.#farewell.code, this.#farewell.reason);
      return false;
    }
    this.#endpoints.get(client.path)?.server.emit('connection', client.socket, request);
    return true;
  }

  messagesOf(client: WsClient): readonly string[] {
    return [...(this.#endpoints.get(client.path)?.places.keys() ?? [])];
  }

  handlersOf(client: WsClient, message: string): readonly MessageHandler[] {
    const { handlers, path } = client;
    // Nest binds none to a client that has not entered, whatever others have.
    const places = handlers.length === 0 ? NOWHERE : (this.#endpoints.get(path)?.places.get(message) ?? NOWHERE);
    return places.map((place) => handlers[place]) as MessageHandler[];
  }

  get isReady(): boolean {
    return this.#server.phase === 'ready';
  }

  onSlow(client: WsClient): void {
    this.onDropped(client, 'slow');
  }

  onFault(error: Error): void {
    this.logger.debug(`a client broke the protocol: ${error.message}`);
  }

  onGone(client: WsClient): void {
    this.#clients.delete(client.socket);
  }

  /**
   * Tells every client that the gateway stops, lets running handlers answer, closes, and cuts off who has not closed
   * when the grace is over. A client that reads within the grace sees a close frame and never an abnormal end.
   */
  async drain(notice: ShutdownNotice, graceMs: number): Promise<void> {
    this.#heartbeat.stop();
    if (notice.restartExpectedMs !== null) this.#farewell = SERVICE_RESTART;
    const timers: NodeJS.Timeout[] = [];
    const after = (ms: number): Promise<void> => new Promise((resolve) => timers.push(setTimeout(resolve, ms)));
    // Half for the handlers, so that one that never ends leaves its client time to read the close frame.
    const answered = after(graceMs / 2);
    const over = after(graceMs);
    await Promise.all([...this.#clients.values()].map((client) => this.#dismiss(client, notice, answered, over)));
    for (const timer of timers) clearTimeout(timer);
  }

  async #dismiss(
    client: WsClient,
    notice: ShutdownNotice,
    answered: Promise<void>,
    over: Promise<void>,
  ): Promise<void> {
    const { socket } = client;
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    client.session.farewell(notice);
    await Promise.race([client.idle(), answered, closed]);
    client.close(this.#farewell.code, this.#farewell.reason);
    await Promise.race([closed, over]);
    if (socket.readyState !== socket.CLOSED) socket.terminate();
    await closed;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = this.#pathOf(request);
    const endpoint = this.#endpoints.get(path);
    if (!endpoint) {
      this.#server.refuseUpgrade(request, socket, 404, 'unknown path');
      return;
    }
    if (this.#clients.size >= this.#limits.maxConnections) {
      this.#server.refuseUpgrade(request, socket, 503, 'too many connections');
      return;
    }
    // A draft that ws still speaks, whose clients have their origin in another header than the one that was judged.
    if (Number(request.headers['sec-websocket-version']) === DRAFT_VERSION) {
      this.#server.refuseUpgrade(request, socket, 400, 'unsupported WebSocket version');
      return;
    }
    endpoint.server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#server.handOver(socket);
      const client = new WsClient(webSocket, socket as Socket, path, this);
      this.#clients.set(webSocket, client);
      client.listen();
      this.#requests.set(client, request);
      client.session = this.#format.open(client);
    });
  }

  /** A format that tells its messages apart by itself may be spoken on any path. */
  #pathOf(request: IncomingMessage): string {
    const path = withSlash(requestPath(request));
    return this.#format.onAnyPath && !this.#endpoints.has(path) ? '/' : path;
  }

  #drop(client: WsClient, why: 'dead'): void {
    this.onDropped(client, why);
    client.socket.terminate();
  }
}

function withSlash(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed.startsWith('/') ? trimmed : `/${trimmed}`;
}
