import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

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
/** What all turns together have between two looks of the event loop at new connections and at other data. */
const ROUND_BYTES = 64 * 1024;
const ROUND_MS = 5;
/** How much is read of a dismissed connection: room for a close frame, or for the end of the client's side. */
const LAST_BYTES = 1024;
/** How long a dismissed client has to read what it was sent, before its connection is destroyed. */
const DISMISSAL_GRACE_MS = 500;

const ignore = (): void => undefined;

const READING = Symbol('reading');
type ReadSocket = Socket & { [READING]?: Reading };

/**
 * Reads the connections of a gateway so that none keeps the others waiting. A connection that sends more than a little at
 * once gets one turn after the other, with those of all others in between, and all turns together have a limit in each
 * round of the event loop. What sends little is read as it comes.
 */
export class ReadingTurns {
  readonly #waiting = new Set<Reading>();
  #isRoundOpen = false;
  #roundEndsAt = 0;
  #bytesLeft = 0;

  /** Reads a connection in turns, also when it becomes a WebSocket later. */
  add(socket: Socket): void {
    (socket as ReadSocket)[READING] = new Reading(socket, this);
    // Node's HTTP parser takes its bytes directly from the handle until there is a listener for them.
    socket.on('data', ignore).off('data', ignore);
    // A stream has no other place where the bytes that all its listeners get can be divided.
    socket.emit = emitInTurns;
  }

  /** Whether a connection may have its turn at once: none waits, and there is room in this round. */
  get isFree(): boolean {
    return this.#waiting.size === 0 && this.#hasRoom;
  }

  /** How much the turn that begins now may take of this round. */
  get bytesLeft(): number {
    return this.#bytesLeft;
  }

  /** Gives a connection a turn, after all others that wait. */
  enqueue(reading: Reading): void {
    this.#waiting.add(reading);
    this.#openRound();
  }

  /** Ends the turn of a connection, which had so many bytes, and begins the next one if there is room. */
  endTurn(bytes: number): void {
    this.#bytesLeft -= bytes;
    this.#beginTurn();
  }

  get #hasRoom(): boolean {
    this.#openRound();
    return this.#bytesLeft > 0 && performance.now() < this.#roundEndsAt;
  }

  #openRound(): void {
    if (this.#isRoundOpen) return;
    this.#isRoundOpen = true;
    this.#bytesLeft = ROUND_BYTES;
    this.#roundEndsAt = performance.now() + ROUND_MS;
    setImmediate(() => {
      this.#isRoundOpen = false;
      this.#beginTurn();
    });
  }

  #beginTurn(): void {
    for (const reading of this.#waiting) {
      if (!this.#hasRoom) return;
      this.#waiting.delete(reading);
      // It goes on when its bytes come, which calls for the next.
      if (reading.beginTurn()) return;
    }
  }
}

/** Tells the turns of a connection who may have paused it: a paused WebSocket is not resumed by its turn. */
export function setPauser(socket: Socket, pauser: { readonly isPaused: boolean }): void {
  const reading = readingOf(socket);
  if (reading) reading.pauser = pauser;
}

/** Counts what a handler does at once, which was called for a message or a request, as part of the turn of its connection. */
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

  /** Returns false for a connection that cannot use its turn. */
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
   * Calls back when the handlers that were called have done what they do at once, and parses less at a time from then on
   * where that took long.
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
