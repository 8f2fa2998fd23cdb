import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

import type { ReadingTurns, TurnTaker } from './reading-turns.js';

/**
 * How much is parsed before the clock is looked at. Node reads 64 KiB at a time, which hold ten thousand frames or a
 * thousand requests; a client that does not flood seldom sends more than this at once.
 */
const SLICE_BYTES = 2 * 1024;
/** The least that is parsed at once where handlers take long: a request or two. */
const LEAST_SLICE_BYTES = 128;
/** The end of the turn of one connection. It ends sooner once handlers were called, and then with what they do at once. */
const TURN_BYTES = 16 * 1024;
const TURN_MS = 1;
/** How much is read of a dismissed connection: room for a close frame, or for the end of the client's side. */
const LAST_BYTES = 1024;
/** How long a dismissed client has to read what it was sent, before its connection is destroyed. */
const DISMISSAL_GRACE_MS = 500;

const ignore = (): void => undefined;

const READING = Symbol('reading');
type ReadSocket = Socket & { [READING]?: Reading };

/**
 * Reads a connection in turns, also when it becomes a WebSocket later. What sends little is read as it comes.
 *
 * @param turns those of all connections of the gateway
 */
export function readInTurns(socket: Socket, turns: ReadingTurns): void {
  (socket as ReadSocket)[READING] = new Reading(socket, turns);
  // Node's HTTP parser takes its bytes directly from the handle until there is a listener for them.
  socket.on('data', ignore).off('data', ignore);
  // A stream has no other place where the bytes that all its listeners get can be divided.
  socket.emit = emitInTurns;
}

/** Tells the turns of a connection who may have paused it: a paused WebSocket is not resumed by its turn. */
export function setPauser(socket: Socket, pauser: { readonly isPaused: boolean }): void {
  const reading = readingOf(socket);
  if (reading) reading.pauser = pauser;
}

/** Counts the work of a handler, as far as it is done at once, as part of the turn of its connection. */
export function noteWork(socket: Socket): void {
  const reading = readingOf(socket);
  if (reading) reading.isAtWork = true;
}

/** What has been read and not parsed yet, for the protocol that a connection is upgraded to; it is not parsed any more. */
export function takeUnparsed(socket: Socket): Buffer {
  return readingOf(socket)?.takeUnparsed() ?? Buffer.alloc(0);
}

/** Parses nothing more of a connection: for a request that was refused. When its answer is out, the client gets a grace. */
export function stopReading(socket: Socket): void {
  const reading = readingOf(socket);
  if (!reading || reading.isDismissed) return;
  reading.dismiss(false);
  // Destroyed while bytes are unread, it would be reset, by which a client can lose the answer (RFC 9112, 9.6).
  socket.destroySoon = function (this: Socket): void {
    this.end();
    destroyAfterGrace(this);
  };
}

/** Reads nothing more of a WebSocket than the client's close frame, after ours was sent. `ws` ends the wait for it. */
export function readOnlyClose(socket: Socket): void {
  if (!isDismissed(socket)) readingOf(socket)?.dismiss(true);
}

/** Reads nothing more of a WebSocket than the client's close frame, after ours was sent, and destroys it after a grace. */
export function dismissWebSocket(socket: Socket): void {
  if (isDismissed(socket)) return;
  readOnlyClose(socket);
  destroyAfterGrace(socket);
}

/** Whether what a connection sends does not matter any more. */
export function isDismissed(socket: Socket): boolean {
  return readingOf(socket)?.isDismissed ?? false;
}

/** How one connection is read. */
class Reading implements TurnTaker {
  pauser: { readonly isPaused: boolean } | undefined;
  /** Whether handlers were called for what was parsed last. */
  isAtWork = false;
  #hasTurn = false;
  /** How much is parsed at once: less than is usual where handlers took longer than a turn. */
  #slice = SLICE_BYTES;
  #unparsed: Buffer | undefined;
  /** Bytes that are still read of a dismissed connection. */
  #allowance: number | undefined;
  #parsesLastBytes = false;

  constructor(
    private readonly socket: Socket,
    private readonly turns: ReadingTurns,
  ) {}

  get isDismissed(): boolean {
    return this.#allowance !== undefined;
  }

  /** Not so, where an upgrade has taken it or the connection was dismissed. */
  get #hasUnparsed(): boolean {
    return this.#unparsed !== undefined;
  }

  beginTurn(): boolean {
    if (this.pauser?.isPaused || this.socket.destroyed) return false;
    this.#hasTurn = true;
    this.socket.resume();
    return true;
  }

  dismiss(parsesLastBytes: boolean): void {
    this.#allowance = LAST_BYTES;
    this.#parsesLastBytes = parsesLastBytes;
    this.#unparsed = undefined;
  }

  takeUnparsed(): Buffer | undefined {
    const unparsed = this.#unparsed;
    this.#unparsed = undefined;
    return unparsed;
  }

  take(chunk: Buffer): void {
    if (this.#allowance !== undefined) this.#takeLast(chunk, this.#allowance);
    else if (this.#hasTurn) this.#takeTurn(chunk);
    else if (chunk.length <= this.#slice) this.#takeAll(chunk);
    else if (this.turns.isFree) this.#takeTurn(chunk);
    else this.#wait(chunk);
  }

  #takeAll(chunk: Buffer): void {
    const begunAt = performance.now();
    emitData(this.socket, chunk);
    this.#whenWorkIsDone(begunAt, chunk.length);
  }

  #takeTurn(chunk: Buffer): void {
    this.#hasTurn = false;
    const begunAt = performance.now();
    const last = Math.min(chunk.length, TURN_BYTES, this.turns.bytesLeft);
    let at = 0;
    do {
      const end = at + this.#slice;
      this.#unparsed = chunk.subarray(end);
      emitData(this.socket, chunk.subarray(at, end));
      at = end;
    } while (at < last && this.#mayGoOn && performance.now() < begunAt + TURN_MS);
    const rest = this.takeUnparsed();
    // What has paused it will resume it.
    if (rest && rest.length > 0) {
      if (this.socket.isPaused()) this.socket.unshift(rest);
      else this.#wait(rest);
    }
    this.#whenWorkIsDone(begunAt, this.#slice, () => this.turns.endTurn(at));
  }

  get #mayGoOn(): boolean {
    return this.#hasUnparsed && !this.isAtWork && !this.socket.isPaused();
  }

  /**
   * Calls back when the handlers that were called have done what they do at once. If they took long, less is parsed at a
   * time from then on.
   *
   * @param slice how much was parsed at once
   */
  #whenWorkIsDone(begunAt: number, slice: number, callback?: () => void): void {
    if (!this.isAtWork) {
      callback?.();
      return;
    }
    this.isAtWork = false;
    afterMicrotasks(() => {
      const turns = (performance.now() - begunAt) / TURN_MS;
      this.#slice =
        turns > 1 ? Math.max(Math.floor(slice / turns), LEAST_SLICE_BYTES) : Math.min(this.#slice * 2, SLICE_BYTES);
      callback?.();
    });
  }

  #wait(chunk: Buffer): void {
    this.socket.pause();
    this.socket.unshift(chunk);
    this.turns.enqueue(this);
  }

  #takeLast(chunk: Buffer, allowance: number): void {
    this.#allowance = Math.max(allowance - chunk.length, 0);
    if (chunk.length > allowance) this.socket.pause();
    else if (this.#parsesLastBytes) emitData(this.socket, chunk);
  }
}

// One function for all sockets: a closure for each would be much of what an idle connection costs.
function emitInTurns(this: ReadSocket, event: string | symbol, ...args: unknown[]): boolean {
  if (event !== 'data') return EventEmitter.prototype.emit.call(this, event, ...args);
  this[READING]?.take(args[0] as Buffer);
  return true;
}

/** Handlers run in microtasks, and all of these are done before a tick that one of them asks for. */
function afterMicrotasks(callback: () => void): void {
  queueMicrotask(() => process.nextTick(callback));
}

function emitData(socket: Socket, chunk: Buffer): void {
  EventEmitter.prototype.emit.call(socket, 'data', chunk);
}

function readingOf(socket: Socket): Reading | undefined {
  return (socket as ReadSocket)[READING];
}

function destroyAfterGrace(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), DISMISSAL_GRACE_MS);
  socket.once('close', () => clearTimeout(timer));
}
