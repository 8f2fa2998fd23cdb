import type { Socket } from 'node:net';

import type { MessageMappingProperties } from '@nestjs/websockets';
import { isObservable, tap, type Observable, type Subscription } from 'rxjs';
import type { WebSocket } from 'ws';

import { CloseCode } from './close-code.js';
import { dismissWebSocket, noteWork, readOnlyClose, setPauser } from './connection-reader.js';
import { corkForThisTick } from './cork.js';
import { clientAddress } from './forwarded-for.js';
import { expectMinimalLengths } from './minimal-lengths.js';
import type { WsSession } from './ws-session.js';

/** A handler of a gateway class, with its guards, pipes, interceptors and filters around it. */
export type MessageHandler = MessageMappingProperties['callback'];

/** Is told what a call gives: its values, and then either that it completed or its error. */
export interface ResultObserver {
  next(value: unknown): void;
  complete(): void;
  error(error: unknown): void;
}

/** What the adapter does for its clients. */
export interface WsClientHost {
  readonly maxBufferedBytes: number;
  /** What {@link WsClient.enterOrClose} does. */
  enterOrClose(client: WsClient): boolean;
  /** The messages that the gateway classes of its path have handlers for, once it has entered. */
  messagesOf(client: WsClient): readonly string[];
  /** The handlers of a message, one of each gateway class that has one. */
  handlersOf(client: WsClient, message: string): readonly MessageHandler[];
  /** Messages are taken: before and after, modules are not there to hear them. */
  readonly isReady: boolean;
  /** A client did not read what it was sent. */
  onSlow(client: WsClient): void;
  /** A client broke the protocol; ws closes it with the code for it. */
  onFault(error: Error): void;
  /** Its connection is gone. */
  onGone(client: WsClient): void;
}

/** The property of a socket that holds its client. */
const CLIENT = Symbol('client');
type ClientSocket = WebSocket & { [CLIENT]: WsClient };

/** One WebSocket connection. */
export class WsClient {
  readonly remoteAddress: string;
  session!: WsSession;
  /** The handlers of all gateway classes of its path, as Nest bound them to this client. */
  handlers: readonly MessageHandler[] = [];
  /** Kept for the heartbeat: what had arrived when it last looked, and how often in a row that was nothing new. */
  bytesSeen = 0;
  silentPeriods = 0;

  #pending = 0;
  #onIdle: (() => void) | undefined;
  #running: Set<Subscription> | undefined;
  #pinged: Buffer | undefined;

  constructor(
    readonly socket: WebSocket,
    /** The connection underneath. */
    readonly connection: Socket,
    /** Which gateway classes it is for. */
    readonly path: string,
    private readonly host: WsClientHost,
  ) {
    this.remoteAddress = clientAddress(connection) ?? 'unknown';
  }

  /** Begins to listen to the client; `session`, which is set next, is given its messages. */
  listen(): void {
    (this.socket as ClientSocket)[CLIENT] = this;
    setPauser(this.connection, this.socket);
    expectMinimalLengths(this.socket);
    this.socket.on('message', onMessage).on('ping', onPing).on('error', onError).on('close', onClose);
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  /** The messages that a gateway class handles, once the client has entered. */
  get messages(): readonly string[] {
    return this.host.messagesOf(this);
  }

  /**
   * Connects the client with the gateway classes of its path, or closes it: the gateway is stopping, or has all the
   * clients that it may have.
   *
   * @returns false for a client that was closed
   */
  enterOrClose(): boolean {
    return this.host.enterOrClose(this);
  }

  handlersOf(message: string): readonly MessageHandler[] {
    return this.host.handlersOf(this, message);
  }

  /** Sends a text message, unless the client does not read, which ends it. */
  send(text: string | Buffer): void {
    if (this.#maySend()) this.socket.send(text, { binary: false });
  }

  /**
   * Sends a text message as two fragments (RFC 6455, 5.4). All clients are given the same first one: a copy for each,
   * all in one turn of the event loop, would be hundreds of megabytes for thousands of clients.
   */
  sendFragments(first: Buffer, last: string): void {
    if (!this.#maySend()) return;
    this.socket.send(first, { binary: false, fin: false });
    this.socket.send(last, { binary: false });
  }

  receive(data: Buffer, isBinary: boolean): void {
    if (this.host.isReady) this.session.receive(data, isBinary);
  }

  /** Answers a ping. While the client does not read, only its last ping is kept and answered (RFC 6455, 5.5.3). */
  pong(data: Buffer): void {
    if (this.connection.writableNeedDrain) {
      if (this.#pinged === undefined) this.connection.once('drain', () => this.#pongLast());
      this.#pinged = data;
      return;
    }
    corkForThisTick(this.connection);
    this.socket.pong(data);
  }

  /** Stops reading from the client until {@link resume}. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  /** Closes the connection of a client that has no right to be heard. Nothing that it still sends is read. */
  refuse(code: number, reason: string): void {
    this.close(code, reason);
    dismissWebSocket(this.connection);
  }

  /** Calls a handler, and reports what it gives. The end of the connection ends the wait. */
  async call(handler: MessageHandler, data: unknown, extra: unknown, observer: ResultObserver): Promise<void> {
    this.#pending++;
    noteWork(this.connection);
    try {
      const result: unknown = await handler(data, extra);
      if (isObservable(result)) await this.#follow(result, observer);
      else observer.next(result);
      observer.complete();
    } catch (error) {
      observer.error(error);
    } finally {
      if (--this.#pending === 0) this.#onIdle?.();
    }
  }

  /** Resolves when no handler is working for it. */
  idle(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onIdle = resolve));
  }

  fail(error: Error): void {
    dismissWebSocket(this.connection);
    this.host.onFault(error);
  }

  /** Called when the connection is gone: there is no client left that its handlers could answer. */
  abandon(code: number, reason: string): void {
    this.host.onGone(this);
    this.#running?.forEach((subscription) => subscription.unsubscribe());
    this.session.ended(code, reason);
  }

  /** @returns false for a client that is gone, and for one that does not read, which is ended */
  #maySend(): boolean {
    if (!this.isOpen) return false;
    if (this.socket.bufferedAmount > this.host.maxBufferedBytes) {
      this.host.onSlow(this);
      this.close(CloseCode.TRY_AGAIN_LATER, 'reads too slowly');
      // All that waits for it comes first: the grace of a refused client would be too short for a slow one.
      readOnlyClose(this.connection);
      return false;
    }
    corkForThisTick(this.connection);
    return true;
  }

  #pongLast(): void {
    const data = this.#pinged;
    this.#pinged = undefined;
    this.socket.pong(data);
  }

  #follow(results: Observable<unknown>, observer: ResultObserver): Promise<void> {
    return new Promise((resolve, reject) => {
      // rxjs turns an exception of an observer into an uncaught one, and an exception of an operator into an error here.
      const heard = results.pipe(tap((value) => observer.next(value)));
      const subscription = heard.subscribe({ error: reject });
      const running = (this.#running ??= new Set());
      running.add(subscription);
      subscription.add(() => {
        running.delete(subscription);
        resolve();
      });
    });
  }
}

function clientOf(socket: WebSocket): WsClient {
  return (socket as ClientSocket)[CLIENT];
}

// The same functions for all sockets: some of its own for each would be much of what an idle client costs.

function onMessage(this: WebSocket, data: Buffer, isBinary: boolean): void {
  clientOf(this).receive(data, isBinary);
}

function onPing(this: WebSocket, data: Buffer): void {
  clientOf(this).pong(data);
}

function onError(this: WebSocket, error: Error): void {
  clientOf(this).fail(error);
}

function onClose(this: WebSocket, code: number, reason: Buffer): void {
  clientOf(this).abandon(code, reason.toString());
}
