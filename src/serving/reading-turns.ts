import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

/**
 * How much is parsed before the clock is looked at. Node reads 64 KiB at a time, which hold ten thousand frames or a
 * thousand requests; a client that does not flood seldom sends more than this at once.
 */
const SLICE_BYTES = 2 * 1024;
/** The end of a turn. Handlers run after it, so their work is bounded by what was read. */
const TURN_BYTES = 16 * 1024;
const TURN_MS = 1;
/** How much is read of a dismissed connection: room for a close frame, or for the end of the client's side. */
const LAST_BYTES = 1024;
/** How long a dismissed client has to read what it was sent, before its connection is destroyed. */
const DISMISSAL_GRACE_MS = 500;

const READING = Symbol('reading');
type ReadSocket = Socket & { [READING]?: Reading };

/**
 * Reads the connections of a gateway so that none keeps the others waiting. A connection that sends more than a little at
 * once waits for its turn, and each turn of the event loop has one such turn. All others are read as their data comes.
 */
export class ReadingTurns {
  readonly #waiting = new Set<Reading>();
  #isTurnDue = false;

  /** Reads a connection in turns, also when it becomes a WebSocket later. */
  add(socket: Socket): void {
    (socket as ReadSocket)[READING] = new Reading(socket, this);
    // Node's HTTP parser takes its bytes directly from the handle until there is a listener for them.
    socket.on('data', ignore).off('data', ignore);
    // A stream has no other place where the bytes that all its listeners get can be divided.
    socket.emit = emitInTurns;
  }

  /** Gives a connection a turn, after all others that wait. */
  enqueue(reading: Reading): void {
    this.#waiting.add(reading);
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    setImmediate(() => this.#giveTurn());
  }

  #giveTurn(): void {
    for (const reading of this.#waiting) {
      this.#waiting.delete(reading);
      reading.beginTurn();
      break;
    }
    this.#isTurnDue = this.#waiting.size > 0;
    if (this.#isTurnDue) setImmediate(() => this.#giveTurn());
  }
}

/** Tells the turns of a connection who may have paused it: a paused WebSocket is not resumed by its turn. */
export function setPauser(socket: Socket, pauser: { readonly isPaused: boolean }): void {
  const reading = readingOf(socket);
  if (reading) reading.pauser = pauser;
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
  // To destroy it while bytes are unread makes a reset of it, by which a client can lose the answer (RFC 9112, 9.6).
  socket.destroySoon = function (this: Socket): void {
    this.end();
    destroyAfterGrace(this);
  };
}

/** Reads nothing more of a WebSocket that was sent a close frame but the client's own, and destroys it after a grace. */
export function dismissWebSocket(socket: Socket): void {
  const reading = readingOf(socket);
  if (!reading || reading.isDismissed) return;
  reading.dismiss(true);
  destroyAfterGrace(socket);
}

/** Whether what a connection sends does not matter any more. */
export function isDismissed(socket: Socket): boolean {
  return readingOf(socket)?.isDismissed ?? false;
}

/** How one connection is read. */
class Reading {
  pauser: { readonly isPaused: boolean } | undefined;
  #hasTurn = false;
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

  beginTurn(): void {
    if (this.pauser?.isPaused) return;
    this.#hasTurn = true;
    this.socket.resume();
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
    else if (chunk.length <= SLICE_BYTES) emitData(this.socket, chunk);
    else if (this.#hasTurn) this.#takeTurn(chunk);
    else this.#wait(chunk);
  }

  #takeTurn(chunk: Buffer): void {
    this.#hasTurn = false;
    const endsAt = performance.now() + TURN_MS;
    const last = Math.min(chunk.length, TURN_BYTES);
    let at = 0;
    do {
      const end = at + SLICE_BYTES;
      this.#unparsed = chunk.subarray(end);
      emitData(this.socket, chunk.subarray(at, end));
      at = end;
    } while (at < last && this.#hasUnparsed && !this.socket.isPaused() && performance.now() < endsAt);
    const rest = this.takeUnparsed();
    if (!rest || rest.length === 0) return;
    // What has paused it will resume it.
    if (this.socket.isPaused()) this.socket.unshift(rest);
    else this.#wait(rest);
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

function ignore(): void {
  return undefined;
}
