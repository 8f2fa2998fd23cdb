import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import type { EvictionCause } from './access-policy.js';
import type { DescriptorReserve } from './descriptor-reserve.js';
import { EvictionQueue } from './eviction-queue.js';
import { noteWork, readInTurns } from './connection-reader.js';
import { ReadingTurns } from './reading-turns.js';

/** Long enough for a client that reads to take some of its answer. */
const LOOK_AGAIN_MS = 250;
/** How long it is believed that no more connections fit. */
const ROOM_KNOWN_MS = 1_000;
/**
 * How long a connection may be quiet, in milliseconds, while others wait for it in the kernel: a new one, whose client has
 * yet to be given the processor, and one that is kept open between two requests.
 */
const QUIET_MS = { new: 2_000, kept: 250 };

const ENTERED = Symbol('entered');
type PortSocket = Socket & { [ENTERED]?: boolean };

/** Notes that a client has entered over a connection, which then is not closed to make room for others. */
export function markEntered(socket: Socket): void {
  (socket as PortSocket)[ENTERED] = true;
}

export function hasEntered(socket: Socket): boolean {
  return (socket as PortSocket)[ENTERED] === true;
}

/** One connection to the port, which carries any number of requests, or one WebSocket. */
export interface HttpConnection {
  /** How many requests the app is working on. */
  running: number;
  /** How many requests are yet to be answered in full, by the app or by us. An upgrade counts until the connection ends. */
  open: number;
  /** The response to the latest request. */
  response?: ServerResponse;
}

export interface HttpConnectionLimits {
  readonly maxIdleConnections: number;
  readonly stalledTimeoutMs: number;
}

/** Every connection of an HTTP server: which are idle, and how many requests are still running. */
export class HttpConnections {
  readonly #connections = new Map<Socket, HttpConnection>();
  /** The connections on which no request is being answered and that are no WebSockets. */
  readonly #idle: EvictionQueue<Socket>;
  readonly #turns = new ReadingTurns();
  readonly #stalledTimeoutMs: number;
  /** How many connections there is room for, as far as it is known. */
  #most = Infinity;
  #mostKnownAt = 0;
  #running = 0;
  #isLeaving = false;
  #reportIdle: (() => void) | undefined;
  #reportHeardOut: (() => void) | undefined;

  /** @param onEvicted called for each connection that is closed to make room for others */
  constructor(
    http: Server,
    { maxIdleConnections, stalledTimeoutMs }: HttpConnectionLimits,
    private readonly reserve: DescriptorReserve,
    private readonly onEvicted: (socket: Socket, cause: EvictionCause) => void,
  ) {
    this.#stalledTimeoutMs = stalledTimeoutMs;
    this.#idle = new EvictionQueue<Socket>(maxIdleConnections, (socket) => this.#evict(socket, 'too many idle'));
    reserve.watch(http);
    http.on('connection', (socket: Socket) => {
      this.of(socket);
      this.#makeRoom(socket);
    });
  }

  of(socket: Socket): HttpConnection {
    const known = this.#connections.get(socket);
    if (known) return known;
    const connection: HttpConnection = { running: 0, open: 0 };
    this.#connections.set(socket, connection);
    this.#rest(socket);
    readInTurns(socket, this.#turns);
    // Node reports no end of a response that waits behind another on the same connection.
    socket.on('close', () => {
      this.#finish(connection, connection.running);
      this.#connections.delete(socket);
      this.#use(socket);
    });
    return connection;
  }

  /** Counts a connection as in use until the response is closed. */
  useUntilClosed(socket: Socket, response: ServerResponse): void {
    const connection = this.useForGood(socket);
    noteWork(socket);
    connection.response = response;
    response.setTimeout(this.#stalledTimeoutMs, () => this.#lookAgain(socket, response));
    response.once('close', () => {
      if (--connection.open === 0 && !socket.destroyed) this.#rest(socket);
    });
  }

  /** Counts a connection as in use for as long as it lasts, as a WebSocket does. */
  useForGood(socket: Socket): HttpConnection {
    const connection = this.of(socket);
    connection.open++;
    this.#use(socket);
    return connection;
  }

  /** Counts a request as running in the app until its response is closed, or its connection is. */
  runUntilClosed(socket: Socket, response: ServerResponse): void {
    const connection = this.of(socket);
    connection.running++;
    this.#running++;
    response.once('close', () => this.#finish(connection, Math.min(connection.running, 1)));
  }

  /** Resolves when no request that was handed to the app is running. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#reportIdle = resolve));
  }

  /**
   * Hangs up on clients that ask for nothing, while no more are accepted.
   *
   * @returns resolves when no connection is left that could bring a request, and none that was handed to the app is running
   */
  async heardOut(): Promise<void> {
    this.#isLeaving = true;
    for (const [socket, since] of this.#idle.entries()) this.#hangUpIfQuiet(socket, since);
    if (this.#idle.size > 0) await new Promise<void>((resolve) => (this.#reportHeardOut = resolve));
    await this.idle();
  }

  /** Cuts off every connection that is left, upgraded ones included. */
  destroyAll(): void {
    for (const socket of this.#connections.keys()) socket.destroy();
  }

  /**
   * Closes the oldest connections where file descriptors are short, the newest itself if no other can be spared. A
   * connection whose answer is still on its way is closed too: a client that does not read could keep it open for long.
   */
  #makeRoom(newest: Socket): void {
    const excess = this.reserve.excessWith(newest);
    if (excess > 0) {
      this.#most = this.#connections.size - excess;
      this.#mostKnownAt = performance.now();
    }
    if (this.#connections.size <= this.#most) return;
    // Other files of this process may have been closed since.
    if (performance.now() - this.#mostKnownAt > ROOM_KNOWN_MS) this.#most = Infinity;
    for (const [socket, { running }] of this.#connections) {
      if (this.#connections.size <= this.#most) return;
      if (running === 0 && !hasEntered(socket)) this.#evict(socket, 'no descriptor');
    }
  }

  #evict(socket: Socket, cause: EvictionCause): void {
    this.onEvicted(socket, cause);
    // Its descriptor is free when this returns; its end is reported later.
    socket.destroy();
    this.#connections.delete(socket);
  }

  /**
   * Destroys a connection that takes nothing of its answer. A slow handler leaves nothing to take. Nor is it the client's
   * fault where this process was too busy to send: it is looked at again when the event loop has turned.
   */
  #lookAgain(socket: Socket, response: ServerResponse): void {
    if (socket.writableLength === 0) return;
    const queued = queuedBytes(socket);
    const due = performance.now() + LOOK_AGAIN_MS;
    setTimeout(() => {
      if (queuedBytes(socket) !== queued) response.setTimeout(this.#stalledTimeoutMs);
      // Late again: this process is still too busy to judge the client.
      else if (performance.now() - due > LOOK_AGAIN_MS / 2) this.#lookAgain(socket, response);
      else socket.destroy();
    }, LOOK_AGAIN_MS).unref();
  }

  #hangUpIfQuiet(socket: Socket, since: number): void {
    const isNew = this.of(socket).response === undefined;
    // What was read already from a new one is the beginning of a request.
    const read = isNew ? 0 : socket.bytesRead;
    const leftMs = since + (isNew ? QUIET_MS.new : QUIET_MS.kept) - performance.now();
    const hangUp = (): void => {
      if (socket.bytesRead === read) socket.destroy();
    };
    // What has come while this process was busy is read first: to hang up on it would lose a request.
    setTimeout(() => setImmediate(hangUp), Math.max(leftMs, 0)).unref();
  }

  #rest(socket: Socket): void {
    this.#idle.add(socket);
    if (this.#isLeaving) this.#hangUpIfQuiet(socket, performance.now());
  }

  #use(socket: Socket): void {
    this.#idle.delete(socket);
    if (this.#idle.size === 0) this.#reportHeardOut?.();
  }

  #finish(connection: HttpConnection, count: number): void {
    connection.running -= count;
    this.#running -= count;
    if (this.#running === 0) this.#reportIdle?.();
  }
}

/** What the operating system has yet to take of all that was written; one long answer counts as a single write. */
function queuedBytes(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { _handle?: { readonly writeQueueSize?: number } | null };
  return handle?.writeQueueSize ?? socket.writableLength;
}
