import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { Logger } from '@nestjs/common';
import type { MessageMappingProperties } from '@nestjs/websockets';
import type { WebSocket, WebSocketServer } from 'ws';

import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import type { AccessPolicy, RequestRefusal } from './access-policy.js';
import { CloseCode } from './close-code.js';
import { closeFrameOf, drainClients, GOING_AWAY } from './drain-clients.js';
import type { GatewayState } from './gateway-state.js';
import { hasEntered, markEntered } from './http-connections.js';
import { refuseUpgrade, releaseUpgraded } from './raw-response.js';
import { requestPath } from './request-path.js';
import { WsClient, type MessageHandler, type WsClientHost } from './ws-client.js';
import type { WsFormat } from './ws-format.js';
import { WsHeartbeat } from './ws-heartbeat.js';
import type { ShutdownNotice } from './ws-session.js';

const TOO_MANY: RequestRefusal = { status: 503, reason: 'too many connections' };

/** The `Sec-WebSocket-Version` of a draft that ws still speaks; RFC 6455 has version 13. */
const DRAFT_VERSION = 8;

/** The gateway classes of one path. */
interface GatewayPath {
  readonly server: WebSocketServer;
  /** By message: the indices of its handlers in `WsClient.handlers`, which are the same for all clients. */
  readonly places: Map<string, number[]>;
  /** How many handlers are in `places`: all of them, once the first client has entered. */
  placed: number;
}

const NOWHERE: readonly number[] = [];

/** The WebSockets of a gateway: upgrades them, connects them with the gateway classes of their path, and drains them. */
export class GatewayWebSockets implements WsClientHost {
  readonly clients = new Map<WebSocket, WsClient>();
  readonly maxBufferedBytes: number;
  /** The format that is spoken with clients that connect from now on. */
  format: WsFormat;

  readonly #logger = new Logger('gateway/ws');
  readonly #paths = new Map<string, GatewayPath>();
  readonly #heartbeat: WsHeartbeat;
  /** The upgrade request of each client that is yet to enter, which Nest passes to the gateway classes. */
  readonly #requests = new WeakMap<WsClient, IncomingMessage>();
  #closeFrame = GOING_AWAY;
  /** How many clients have entered and are still here. */
  #entered = 0;

  constructor(
    private readonly limits: GatewayLockSettings['ws'],
    private readonly state: GatewayState,
    private readonly access: AccessPolicy,
    format: WsFormat,
  ) {
    this.maxBufferedBytes = limits.maxBufferedBytes;
    this.format = format;
    this.#heartbeat = new WsHeartbeat(
      () => this.clients.values(),
      (client) => this.#terminate(client),
      limits.pingIntervalMs,
    );
  }

  /** Serves a path from now on: its server reports the connections to Nest. */
  addPath(path: string, server: WebSocketServer): void {
    // Without this, ws answers by itself, and neither log nor metrics know.
    server.on('wsClientError', (_error, socket) =>
      refuseUpgrade(this.access, socket, { status: 400, reason: 'not a WebSocket handshake' }),
    );
    this.#paths.set(withSlash(path), { server, places: new Map(), placed: 0 });
    this.#heartbeat.start();
  }

  /** Called for each gateway class of a path when a client enters, always in the same order. */
  bindHandlers(socket: WebSocket, handlers: readonly MessageMappingProperties[]): void {
    const client = this.clients.get(socket);
    const served = client && this.#paths.get(client.path);
    if (!served) return;
    const first = client.handlers.length;
    // The names are the same for all clients, so they are kept once and not per client.
    client.handlers = client.handlers.concat(handlers.map(({ callback }) => callback));
    if (served.placed >= client.handlers.length) return;
    served.placed = client.handlers.length;
    handlers.forEach(({ message }, index) => {
      // A handler may have a list of names.
      for (const name of [message].flat() as string[]) {
        served.places.set(name, [...(served.places.get(name) ?? []), first + index]);
      }
    });
  }

  enterOrClose(client: WsClient): boolean {
    const request = this.#requests.get(client);
    this.#requests.delete(client);
    // A handshake, or the `verifyClient` of a gateway class, may have taken its time.
    if (!this.isReady) {
      client.close(this.#closeFrame.code, this.#closeFrame.reason);
      return false;
    }
    if (this.#entered >= this.limits.maxConnections) {
      // Many may have knocked at the same time.
      this.access.onRefused(TOO_MANY, client.connection);
      client.refuse(CloseCode.TRY_AGAIN_LATER, TOO_MANY.reason);
      return false;
    }
    this.#entered++;
    markEntered(client.connection);
    this.#paths.get(client.path)?.server.emit('connection', client.socket, request);
    return true;
  }

  messagesOf(client: WsClient): readonly string[] {
    return [...(this.#paths.get(client.path)?.places.keys() ?? [])];
  }

  handlersOf(client: WsClient, message: string): readonly MessageHandler[] {
    const { handlers, path } = client;
    // A client that has not entered has no handlers yet, although its path has some.
    const places = handlers.length === 0 ? NOWHERE : (this.#paths.get(path)?.places.get(message) ?? NOWHERE);
    return places.map((place) => handlers[place]) as MessageHandler[];
  }

  get isReady(): boolean {
    return this.state.isReady;
  }

  onSlow(client: WsClient): void {
    this.access.onDropped(client, 'slow');
  }

  onFault(error: Error): void {
    this.#logger.debug(`a client broke the protocol: ${error.message}`);
  }

  onGone(client: WsClient): void {
    this.clients.delete(client.socket);
    if (hasEntered(client.connection)) this.#entered--;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = this.#pathOf(request);
    const served = this.#paths.get(path);
    const refuse = (status: number, reason: string): void => refuseUpgrade(this.access, socket, { status, reason });
    if (!served) {
      refuse(404, 'unknown path');
    } else if (this.#entered >= this.limits.maxConnections) {
      refuseUpgrade(this.access, socket, TOO_MANY);
    } else if (request.httpVersion === '1.0') {
      // RFC 6455, 4.2.1.
      refuse(400, 'a WebSocket needs HTTP/1.1');
    } else if (Number(request.headers['sec-websocket-version']) === DRAFT_VERSION) {
      // A draft that ws still speaks: its clients name their origin in another header than the one that was judged.
      refuse(400, 'unsupported WebSocket version');
    } else {
      served.server.handleUpgrade(request, socket, head, (webSocket) => {
        releaseUpgraded(socket);
        const client = new WsClient(webSocket, socket as Socket, path, this);
        this.clients.set(webSocket, client);
        client.listen();
        this.#requests.set(client, request);
        client.session = this.format.open(client);
      });
    }
  }

  /** Tells every client that the gateway stops and closes it, within the grace. No client enters from then on. */
  async drain(notice: ShutdownNotice, graceMs: number): Promise<void> {
    this.#heartbeat.stop();
    this.#closeFrame = closeFrameOf(notice);
    await drainClients([...this.clients.values()], notice, graceMs);
  }

  /** A format that tells its messages apart by itself may be spoken on any path. */
  #pathOf(request: IncomingMessage): string {
    const path = withSlash(requestPath(request));
    return this.format.onAnyPath && !this.#paths.has(path) ? '/' : path;
  }

  #terminate(client: WsClient): void {
    this.access.onDropped(client, 'dead');
    client.socket.terminate();
  }
}

function withSlash(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed.startsWith('/') ? trimmed : `/${trimmed}`;
}
