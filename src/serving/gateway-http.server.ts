import { createServer, ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import type { AccessPolicy, RequestRefusal } from './access-policy.js';
import type { DescriptorReserve } from './descriptor-reserve.js';
import type { GatewayState } from './gateway-state.js';
import { HttpConnections } from './http-connections.js';
import { PROBE_HEADERS } from './probe-headers.js';
import { endWithRefusal, hangUpOnError, refuseUpgrade } from './raw-response.js';
import { REFUSAL_HEADER } from './refusal-header.js';
import { isDismissed, stopReading, takeUnparsed } from './connection-reader.js';
import { requestPath } from './request-path.js';
import type { StandIn } from './stand-in.js';

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** What an HTTP server of a gateway is put together from. */
export interface GatewayHttpParts {
  readonly http: Server;
  readonly settings: Pick<GatewayLockSettings, 'http' | 'probePaths'>;
  readonly state: GatewayState;
  readonly access: AccessPolicy;
  readonly reserve: DescriptorReserve;
  /** Answered to GET in every phase, ahead of the app, by path. A shutdown does not wait for these. */
  readonly routes: ReadonlyMap<string, RequestHandler>;
  /** Takes upgrades to WebSockets while the gateway is ready. */
  readonly upgrade: UpgradeHandler;
  /** Serves clients while the gateway stands by. Undefined where it never does. */
  readonly standIn: StandIn | undefined;
  /** The HTTP server of the Nest app, which never listens. */
  readonly app: () => Server;
}

/** How often the header and request deadlines are looked at, and so how exact they are. */
const DEADLINE_CHECK_MS = 1_000;

/** The answer to a request that Node could not read, or did not get in time, by the code of Node's error. */
const UNREADABLE: Readonly<Record<string, RequestRefusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, reason: 'request not sent in time' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, reason: 'chunk extensions too long' },
  HPE_HEADER_OVERFLOW: { status: 431, reason: 'headers too long' },
};
const NOT_HTTP: RequestRefusal = { status: 400, reason: 'not an HTTP request' };

/** RFC 9110, 10.1.1; other expectations may be ignored. */
const CONTINUE = /\b100-continue\b/i;

/** What browsers accept where a person has opened an address. */
const PAGE = /\btext\/html\b/i;

/** Creates the HTTP server that the listener of the lock feeds with connections. It never listens by itself. */
export function createGatewayHttp({ http }: Pick<GatewayLockSettings, 'http'>): Server {
  const server = createServer({
    headersTimeout: http.headersTimeoutMs,
    requestTimeout: http.requestTimeoutMs,
    keepAliveTimeout: http.keepAliveTimeoutMs,
    connectionsCheckingInterval: DEADLINE_CHECK_MS,
    // Node would answer a request without `Host` by itself, and neither log nor metrics would know.
    requireHostHeader: false,
  });
  // Node leaves out the headers that come after so many, and the access policy would not see what they say.
  server.maxHeadersCount = 0;
  return server;
}

/**
 * Answers the requests on the port. Nest's own HTTP server never listens, since Nest closes it while modules still
 * flush: this class hands the requests to it, as far as the phase allows.
 */
export class GatewayHttpServer {
  readonly http: Server;
  readonly #parts: GatewayHttpParts;
  readonly #probePaths: ReadonlySet<string>;
  readonly #connections: HttpConnections;
  /** Connections that did not come over the port. */
  readonly #routesOnly = new WeakSet<object>();
  /** Whether each answer is the last one on its connection. */
  #isLeaving = false;

  constructor(parts: GatewayHttpParts) {
    const { http, settings, access, reserve } = parts;
    this.#parts = parts;
    this.http = http;
    this.#probePaths = new Set(settings.probePaths);
    this.#connections = new HttpConnections(http, settings.http, reserve, (...evicted) => access.onEvicted(...evicted));
    http.on('request', (request, response) => this.#request(request, response));
    // Node would answer these two by itself, ahead of the access policy.
    http.on('checkContinue', (request, response) => this.#request(request, response));
    http.on('checkExpectation', (request, response) => this.#request(request, response));
    http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    // Node would close the connection without a word.
    http.on('connect', (request, socket) => this.#refuseConnect(request, socket));
    // Node would answer these by itself, and neither log nor metrics would know.
    http.on('clientError', (error, socket) => this.#unreadable(error, socket as Socket));
  }

  /** Serves a connection that did not come over the port, such as one over the profile's lock: our routes and no app. */
  serveRoutesOnly(socket: Socket): void {
    this.#routesOnly.add(socket);
    this.http.emit('connection', socket);
    socket.resume();
  }

  /** Resolves when no request that was handed to the app is running. */
  idle(): Promise<void> {
    return this.#connections.idle();
  }

  /**
   * Answers what has been accepted, while no more is. A connection is closed with its next answer, so that its client does
   * not send a request into the end of this process. One that brings no request is closed too.
   *
   * @returns resolves when no connection is left that could bring a request, and none that was handed to the app is running
   */
  heardOut(): Promise<void> {
    this.#isLeaving = true;
    return this.#connections.heardOut();
  }

  /** Cuts off every connection that is left, upgraded ones included. */
  destroyConnections(): void {
    this.#connections.destroyAll();
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const { access, state, routes } = this.#parts;
    this.#connections.useUntilClosed(request.socket, response);
    if (this.#isLeaving || state.phase === 'draining') response.setHeader('Connection', 'close');
    const routesOnly = this.#routesOnly.has(request.socket);
    const refusal = routesOnly ? undefined : access.judge(request, response);
    if (refusal) {
      access.onRefused(refusal, request.socket);
      stopReading(request.socket);
      const headers = { Connection: 'close', 'Content-Length': 0, [REFUSAL_HEADER]: refusal.reason };
      response.writeHead(refusal.status, headers).end();
      return;
    }
    if (CONTINUE.test(request.headers.expect ?? '')) response.writeContinue();
    const path = requestPath(request);
    const route = routes.get(path);
    if (route) {
      if (request.method === 'GET') route(request, response);
      else response.writeHead(405, { ...PROBE_HEADERS, Allow: 'GET' }).end();
    } else if (routesOnly) {
      answerError(response, 404, 'not served here');
    } else if (!state.isReady && !this.#probePaths.has(path)) {
      this.#answerNotReady(request, response);
    } else {
      this.#handToApp(request, response);
    }
  }

  #answerNotReady({ headers }: IncomingMessage, response: ServerResponse): void {
    const standIn = this.#standIn;
    if (standIn && PAGE.test(headers.accept ?? '')) {
      response.writeHead(503, { 'Content-Type': 'text/plain; charset=utf-8', 'Retry-After': '1' });
      response.end(`${standIn.sentence}\n`);
    } else {
      answerError(response, 503, `the gateway is ${this.#parts.state.phase}`, standIn?.notice);
    }
  }

  get #standIn(): StandIn | undefined {
    const { state, standIn } = this.#parts;
    return state.phase === 'standby' ? standIn : undefined;
  }

  #handToApp(request: IncomingMessage, response: ServerResponse): void {
    this.#connections.runUntilClosed(request.socket, response);
    this.#parts.app().emit('request', request, response);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { access, state, upgrade } = this.#parts;
    const refuse = (refusal: RequestRefusal): void => refuseUpgrade(access, socket, refusal);
    hangUpOnError(socket);
    const unparsed = Buffer.concat([head, takeUnparsed(socket as Socket)]);
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      this.#ignoreUpgrade(request, socket);
      return;
    }
    this.#connections.useForGood(socket as Socket);
    const refusal = this.#routesOnly.has(socket) ? { status: 404, reason: 'not served here' } : access.judge(request);
    if (refusal) refuse(refusal);
    else if (state.isReady) upgrade(request, socket, unparsed);
    else if (this.#standIn) this.#standIn.upgrade(request, socket as Socket, unparsed, refuse);
    else refuse({ status: 503, reason: `gateway is ${state.phase}` });
  }

  /** A gateway is no proxy. */
  #refuseConnect(request: IncomingMessage, socket: Duplex): void {
    const { access } = this.#parts;
    hangUpOnError(socket);
    takeUnparsed(socket as Socket);
    this.#connections.useForGood(socket as Socket);
    refuseUpgrade(access, socket, access.judge(request) ?? { status: 405, reason: 'CONNECT is not served' });
  }

  #unreadable(error: NodeJS.ErrnoException, socket: Socket): void {
    // The client has hung up and asked for nothing, or we have hung up and no longer listen to it.
    if (!socket.writable || isDismissed(socket) || error.code === 'HPE_INVALID_EOF_STATE') {
      socket.destroySoon();
      return;
    }
    const refusal = UNREADABLE[String(error.code)] ?? NOT_HTTP;
    this.#parts.access.onRefused(refusal, socket);
    const { open, response } = this.#connections.of(socket);
    // An error must not land in the midst of an answer, nor ahead of the answers to earlier requests.
    if (open === 0 || (open === 1 && response?.headersSent === false)) endWithRefusal(socket, refusal);
    else socket.destroySoon();
  }

  /** A server ignores an upgrade to a protocol that it does not speak (RFC 9110, 7.8). Common clients offer HTTP/2 so. */
  #ignoreUpgrade(request: IncomingMessage, socket: Duplex): void {
    const response = new ServerResponse(request);
    response.setHeader('Connection', 'close');
    response.assignSocket(socket as Socket);
    response.once('finish', () => socket.end());
    this.#request(request, response);
  }
}

function answerError(response: ServerResponse, status: number, message: string, notice: object = {}): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...(status === 503 && { 'Retry-After': '1' }) });
  response.end(JSON.stringify({ statusCode: status, message, ...notice }));
}
