import { createServer, ServerResponse, STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost, type AbstractHttpAdapter } from '@nestjs/core';

import { GATEWAY_LOCK_SETTINGS } from '../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import { PROBE_HEADERS } from './probe-headers.js';
import { EvictionQueue } from './eviction-queue.js';

/**
 * - `starting`: the port is being taken, or other modules are still starting behind it
 * - `ready`: every bootstrap hook has run; clients are served
 * - `draining`: clients are told and let go
 * - `released`: the port is free
 */
export type GatewayPhase = 'starting' | 'ready' | 'draining' | 'released';

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Why a request is not let in. */
export interface Refusal {
  /** The HTTP status. */
  readonly status: number;
  /** For the log and the metrics, not for the client; one of a few texts. */
  readonly reason: string;
}

/** Judges a request or an upgrade before anybody sees it; may add headers to the response, which an upgrade has not. */
export type Admission = (request: IncomingMessage, response?: ServerResponse) => Refusal | undefined;

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

interface Connection {
  /** How many requests the app is working on for it. */
  running: number;
  /** How many requests are yet to be answered in full, by the app or by us; an upgrade is one for ever. */
  open: number;
  /** To the request that came last. */
  response?: ServerResponse;
}

/** How often the header and request deadlines are looked at, and so how exact they are. Milliseconds. */
const DEADLINE_CHECK_MS = 1_000;

/** What Node says of a request that it could not read, or did not get in time, by the code of its error. */
const UNREADABLE: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, reason: 'request not sent in time' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, reason: 'chunk extensions too long' },
  HPE_HEADER_OVERFLOW: { status: 431, reason: 'headers too long' },
};
const NO_HTTP: Refusal = { status: 400, reason: 'not an HTTP request' };

/** RFC 9110, 10.1.1; other expectations may be ignored. */
const CONTINUE = /\b100-continue\b/i;

/**
 * The HTTP server that the lock owns. Nest's own never listens, since Nest closes it while modules still flush: its
 * requests are handed to it from here, as far as the phase allows.
 */
@Injectable()
export class GatewayHttpServer {
  readonly http: Server;
  phase: GatewayPhase = 'starting';
  /** Takes upgrades while the gateway is ready; set by the adapter that is made with this server. */
  onUpgrade!: UpgradeHandler;
  /** Called for each request that was not let in. */
  onRefused: (refusal: Refusal, request: Pick<IncomingMessage, 'socket'>) => void = () => undefined;
  /** Called for each connection that was closed because too many were idle. */
  onEvicted: (socket: Socket) => void = () => undefined;

  readonly #answers = new Map<string, RequestHandler>();
  /** Connections that did not come over the port. */
  readonly #answeredOnly = new WeakSet<object>();
  readonly #probePaths: ReadonlySet<string>;
  readonly #connections = new Map<Socket, Connection>();
  /** Those on which no request is being answered, and that are no WebSockets. */
  readonly #idleConnections: EvictionQueue<Socket>;
  readonly #stalledTimeoutMs: number;
  #admission: Admission = () => undefined;
  #running = 0;
  #reportIdle: (() => void) | undefined;

  constructor(
    @Inject(GATEWAY_LOCK_SETTINGS) { http, probePaths }: GatewayLockSettings,
    // Nest sets the adapter after providers are made, so it is read late.
    private readonly adapterHost: HttpAdapterHost,
  ) {
    this.#probePaths = new Set(probePaths);
    this.#stalledTimeoutMs = http.stalledTimeoutMs;
    this.#idleConnections = new EvictionQueue<Socket>(http.maxIdleConnections, (socket) => {
      this.onEvicted(socket);
      socket.destroy();
    });
    this.http = createServer({
      headersTimeout: http.headersTimeoutMs,
      requestTimeout: http.requestTimeoutMs,
      keepAliveTimeout: http.keepAliveTimeoutMs,
      connectionsCheckingInterval: DEADLINE_CHECK_MS,
    });
    // Node leaves out the headers that come after so many, and an admission would not see what they say.
    this.http.maxHeadersCount = 0;
    this.http.on('connection', (socket: Socket) => this.#connectionOf(socket));
    this.http.on('request', (request, response) => this.#request(request, response));
    // Node would answer these by itself, ahead of the admission.
    this.http.on('checkContinue', (request, response) => this.#request(request, response));
    this.http.on('checkExpectation', (request, response) => this.#request(request, response));
    this.http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    // Node would answer these by itself, and nobody would note it.
    this.http.on('clientError', (error, socket) => this.#unreadable(error, socket as Socket));
  }

  /** Answers GET on a path by itself and in every phase, ahead of the app. A shutdown does not wait for these. */
  answer(path: string, handler: RequestHandler): void {
    this.#answers.set(path, handler);
  }

  /** Serves a connection that came in elsewhere than on the port: what {@link answer} was told, and nothing else. */
  answerOnly(socket: Socket): void {
    this.#answeredOnly.add(socket);
    this.http.emit('connection', socket);
    socket.resume();
  }

  /** Has every request judged, by the last of several such calls, before anything is done about it. */
  setAdmission(admission: Admission): void {
    this.#admission = admission;
  }

  /** Answers an upgrade with a status instead of 101, and hangs up. */
  refuseUpgrade(request: IncomingMessage, socket: Duplex, status: number, reason: string): void {
    this.onRefused({ status, reason }, request);
    // A client whose handshake is wrong may speak another version (RFC 6455, 4.4).
    const hint = { 400: 'Sec-WebSocket-Version: 13\r\n', 503: 'Retry-After: 1\r\n' }[status] ?? '';
    endWith(socket, status, hint);
  }

  /** An upgrade is done: somebody else listens for the errors of the connection from now on. */
  handOver(socket: Duplex): void {
    socket.off('error', hangUp);
  }

  /** Resolves when no request that was handed to the app is running. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#reportIdle = resolve));
  }

  /** Cuts off every connection that is left, upgraded ones included. */
  destroyConnections(): void {
    for (const socket of this.#connections.keys()) socket.destroy();
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    this.#busyUntilClosed(request.socket, response);
    if (this.phase === 'draining') response.setHeader('Connection', 'close');
    const answeredOnly = this.#answeredOnly.has(request.socket);
    const refusal = answeredOnly ? undefined : this.#admission(request, response);
    if (refusal) {
      this.onRefused(refusal, request);
      // What else it has to send is not read.
      response.writeHead(refusal.status, { Connection: 'close', 'Content-Length': 0 }).end();
      return;
    }
    if (CONTINUE.test(request.headers.expect ?? '')) response.writeContinue();
    const path = requestPath(request);
    const answer = this.#answers.get(path);
    if (answer) {
      if (request.method === 'GET') answer(request, response);
      else response.writeHead(405, { ...PROBE_HEADERS, Allow: 'GET' }).end();
      return;
    }
    if (answeredOnly) {
      refuse(response, 404, 'not served here');
      return;
    }
    if (this.phase !== 'ready' && !this.#probePaths.has(path)) {
      refuse(response, 503, `the gateway is ${this.phase}`);
      return;
    }
    // An app without an HTTP side (`createApplicationContext`) has no adapter, whatever its type says.
    const adapter = this.adapterHost.httpAdapter as AbstractHttpAdapter<Server> | undefined;
    if (!adapter) {
      refuse(response, 404, 'this gateway serves no HTTP');
      return;
    }
    const connection = this.#connectionOf(request.socket);
    connection.running++;
    this.#running++;
    response.once('close', () => this.#finish(connection, Math.min(connection.running, 1)));
    adapter.getHttpServer().emit('request', request, response);
  }

  #connectionOf(socket: Socket): Connection {
    const known = this.#connections.get(socket);
    if (known) return known;
    const connection: Connection = { running: 0, open: 0 };
    this.#connections.set(socket, connection);
    this.#idleConnections.add(socket);
    // Of a response that waits behind another on its connection, Node reports no end.
    socket.on('close', () => {
      this.#finish(connection, connection.running);
      this.#connections.delete(socket);
      this.#idleConnections.delete(socket);
    });
    return connection;
  }

  #busyUntilClosed(socket: Socket, response: ServerResponse): void {
    const connection = this.#open(socket);
    connection.response = response;
    // Of a handler that takes its time, nothing waits to be read.
    response.setTimeout(this.#stalledTimeoutMs, () => {
      if (socket.writableLength > 0) socket.destroy();
    });
    response.once('close', () => {
      if (--connection.open === 0 && !socket.destroyed) this.#idleConnections.add(socket);
    });
  }

  #open(socket: Socket): Connection {
    const connection = this.#connectionOf(socket);
    connection.open++;
    this.#idleConnections.delete(socket);
    return connection;
  }

  #finish(connection: Connection, count: number): void {
    connection.running -= count;
    this.#running -= count;
    if (this.#running === 0) this.#reportIdle?.();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Without a listener, a client that resets the connection would end the process.
    socket.on('error', hangUp);
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      this.#ignoreUpgrade(request, socket);
      return;
    }
    this.#open(socket as Socket);
    if (this.#answeredOnly.has(socket)) {
      this.refuseUpgrade(request, socket, 404, 'not served here');
      return;
    }
    const refusal = this.#admission(request);
    if (refusal) this.refuseUpgrade(request, socket, refusal.status, refusal.reason);
    else if (this.phase === 'ready') this.onUpgrade(request, socket, head);
    else this.refuseUpgrade(request, socket, 503, `gateway is ${this.phase}`);
  }

  #unreadable(error: NodeJS.ErrnoException, socket: Socket): void {
    // One that has hung up has asked for nothing, and one that we have hung up on is not listened to.
    if (!socket.writable || error.code === 'HPE_INVALID_EOF_STATE') {
      socket.destroySoon();
      return;
    }
    const refusal = UNREADABLE[String(error.code)] ?? NO_HTTP;
    this.onRefused(refusal, { socket });
    const { open, response } = this.#connectionOf(socket);
    // Not in the midst of an answer, nor ahead of those to earlier requests.
    if (open === 0 || (open === 1 && response?.headersSent === false)) endWith(socket, refusal.status);
    else socket.destroySoon();
  }

  /** To a protocol that a server does not speak it does not change (RFC 9110, 7.8); common clients offer HTTP/2 so. */
  #ignoreUpgrade(request: IncomingMessage, socket: Duplex): void {
    const response = new ServerResponse(request);
    response.setHeader('Connection', 'close');
    response.assignSocket(socket as Socket);
    response.once('finish', () => socket.end());
    this.#request(request, response);
  }
}

/**
 * The path of a request as it was sent, without its query; the request target may also be an absolute URL (RFC 9112,
 * 3.2.2). Not normalised: the app behind gets it as it is, and must not see more in it than was decided on here.
 */
export function requestPath({ url = '' }: Pick<IncomingMessage, 'url'>): string {
  return url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '') || '/';
}

/** Answers by hand, where there is no response for Node to write, and hangs up. */
function endWith(socket: Duplex, status: number, headers = ''): void {
  socket.end(
    `HTTP/1.1 ${status} ${String(STATUS_CODES[status])}\r\nConnection: close\r\nContent-Length: 0\r\n${headers}\r\n`,
    () => socket.destroy(),
  );
}

function hangUp(this: Duplex): void {
  this.destroy();
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...(status === 503 && { 'Retry-After': '1' }) });
  response.end(JSON.stringify({ statusCode: status, message }));
}
