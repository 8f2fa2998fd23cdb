import type { Socket } from 'node:net';

import type { MessageMappingProperties } from '@nestjs/websockets';
import { isObservable, tap, type Observable, type Subscription } from 'rxjs';
import type { WebSocket } from 'ws';

import type { WsSession } from './ws-format.js';

/** A handler of a gateway class, with its guards, pipes, interceptors and filters around it. */
export type MessageHandler = MessageMappingProperties['callback'];

/** What becomes of a call: its values, and then one of the two ends. */
export interface ResultObserver {
  next(value: unknown): void;
  complete(): void;
  error(error: unknown): void;
}

/** What the adapter does for its clients. */
export interface WsClientHost {
  /** Bytes. */
  readonly maxBufferedBytes: number;
  /** Connects a client with the gateway classes of its path, unless the gateway is stopping; says whether it did. */
  enter(client: WsClient): boolean;
  /** The messages that the gateway classes of its path have handlers for, once it has entered. */
  messagesOf(client: WsClient): readonly string[];
  /** The handlers of a message, one of each gateway class that has one. */
  handlersOf(client: WsClient, message: string): readonly MessageHandler[];
  /** A client did not read what it was sent. */
  onSlow(client: WsClient): void;
}

/** RFC 6455, 7.4.1, and the IANA registry of close codes. */
export const CloseCode = {
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  POLICY_VIOLATION: 1008,
  MESSAGE_TOO_BIG: 1009,
  SERVICE_RESTART: 1012,
  TRY_AGAIN_LATER: 1013,
} as const;

/** One WebSocket connection. */
export class WsClient {
  readonly remoteAddress: string;
  session!: WsSession;
  /** Those of all gateway classes of its path, as Nest bound them to it. */
  handlers: readonly MessageHandler[] = [];
  /** For the heartbeat: what had arrived when it last looked, and how often in a row that was nothing new. */
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
    this.remoteAddress = connection.remoteAddress ?? 'unknown';
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  /** What it can say that a gateway class will hear, once it has entered. */
  get messages(): readonly string[] {
    return this.host.messagesOf(this);
  }

  /**
   * Lets it reach the gateway classes, which learn of it now.
   *
   * @returns false for one that comes too late: the gateway is stopping
   */
  enter(): boolean {
    return this.host.enter(this);
  }

  handlersOf(message: string): readonly MessageHandler[] {
    return this.host.handlersOf(this, message);
  }

  /** Sends a text message, unless the client does not read, which ends it. */
  send(text: string | Buffer): void {
    if (!this.isOpen) return;
    if (this.socket.bufferedAmount > this.host.maxBufferedBytes) {
      this.host.onSlow(this);
      this.close(CloseCode.TRY_AGAIN_LATER, 'reads too slowly');
      return;
    }
    corkForThisTick(this.connection);
    this.socket.send(text, { binary: false });
  }

  /** Answers a ping; of those that a client sends while it does not read, the last (RFC 6455, 5.5.3). */
  pong(data: Buffer): void {
    if (this.connection.writableNeedDrain) {
      if (this.#pinged === undefined) this.connection.once('drain', () => this.#pongLast());
      this.#pinged = data;
      return;
    }
    corkForThisTick(this.connection);
    this.socket.pong(data);
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  /** Calls a handler, and reports what it gives; whoever goes is no longer waited for. */
  async call(handler: MessageHandler, data: unknown, extra: unknown, observer: ResultObserver): Promise<void> {
    this.#pending++;
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

  /** Called when the connection is gone: its handlers have nobody to answer any more. */
  abandon(): void {
    this.#running?.forEach((subscription) => subscription.unsubscribe());
    this.session.ended();
  }

  #pongLast(): void {
    const data = this.#pinged;
    this.#pinged = undefined;
    this.socket.pong(data);
  }

  #follow(results: Observable<unknown>, observer: ResultObserver): Promise<void> {
    return new Promise((resolve, reject) => {
      // Of an observer that throws, rxjs would make an uncaught exception; of an operator it makes the end of the values.
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

const corked: Socket[] = [];

/** What is sent in one turn of the event loop goes out in one write. */
function corkForThisTick(connection: Socket): void {
  if (connection.writableCorked > 0) return;
  connection.cork();
  if (corked.push(connection) === 1) process.nextTick(uncorkAll);
}

function uncorkAll(): void {
  for (const connection of corked.splice(0)) connection.uncork();
}
