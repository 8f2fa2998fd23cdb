import { EventEmitter, once } from 'node:events';

import { WebSocket } from 'ws';

import { failureOf, judgeAnswer } from '../control/client/failed-connection.js';
import { MAX_ANSWER_BYTES } from '../control/client/gateway-answer.js';
import type { GatewayCallError } from '../control/client/gateway-call.error.js';

/** How a test client connects. */
export interface TestClientOptions {
  /**
   * What a browser would send as `Origin` (RFC 6454, 7): for tests of `callers.origins`.
   * @default none, as a client that is no browser
   */
  readonly origin?: string;
  /**
   * How long each wait may take, in milliseconds.
   * @default 5000
   */
  readonly timeoutMs?: number;
}

/** How a gateway, or the client itself, has closed a connection (RFC 6455, 7.4). */
export interface CloseFrame {
  /** Such as 1000 for a normal end; 1006 where no close frame came (RFC 6455, 7.4.1). */
  readonly code: number;
  /** For people; empty where none was given. */
  readonly reason: string;
}

const DEFAULT_TIMEOUT_MS = 5_000;
const NORMAL_CLOSURE = 1_000;

/** A WebSocket that keeps the messages it is sent until the test takes them. */
export class TestConnection<Message> {
  /** Resolves when the connection is closed. Never rejects. */
  readonly closed: Promise<CloseFrame>;

  readonly #socket: WebSocket;
  readonly #timeoutMs: number;
  readonly #kept: Message[] = [];
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #end: CloseFrame | undefined;

  private constructor(socket: WebSocket, parse: (data: Buffer) => Message, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.on('message', (data: Buffer) => {
      this.#kept.push(parse(data));
      this.#changes.emit('change');
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        this.#end = { code, reason: reason.toString() };
        this.#changes.emit('change');
        resolve(this.#end);
      });
    });
  }

  /** @throws {GatewayCallError} the gateway is not there, or does not let the client in */
  static open<Message>(
    url: string,
    parse: (data: Buffer) => Message,
    { origin, timeoutMs = DEFAULT_TIMEOUT_MS }: TestClientOptions,
  ): Promise<TestConnection<Message>> {
    const socket = new WebSocket(url, {
      maxPayload: MAX_ANSWER_BYTES,
      perMessageDeflate: false,
      handshakeTimeout: timeoutMs,
      ...(origin !== undefined && { origin }),
    });
    // From the start, since a gateway may speak first.
    const connection = new TestConnection(socket, parse, timeoutMs);
    return new Promise((resolve, reject) => {
      const fail = (error: GatewayCallError): void => {
        socket.terminate();
        reject(error);
      };
      socket.once('open', () => resolve(connection));
      socket.once('unexpected-response', (_request, { statusCode = 0, headers }) =>
        fail(judgeAnswer(statusCode, headers, url)),
      );
      // An error of an open connection ends it, and `closed` tells.
      socket.on('error', (error) => void failureOf(error, url, timeoutMs).then(fail));
    });
  }

  send(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  /**
   * The first message of a kind that was not taken yet; others stay.
   *
   * @param what is waited for, in the error
   * @throws {Error} it did not come in time, or the connection was closed before
   */
  async take(isIt: (message: Message) => boolean, what: string): Promise<Message> {
    const signal = AbortSignal.timeout(this.#timeoutMs);
    for (;;) {
      const index = this.#kept.findIndex(isIt);
      if (index !== -1) return this.#kept.splice(index, 1)[0] as Message;
      if (this.#end) {
        const { code, reason } = this.#end;
        throw new Error(`the connection was closed before ${what} came: ${code} ${reason}; ${this.#inHand()}`);
      }
      await once(this.#changes, 'change', { signal }).catch(() => {
        throw new Error(`${what} did not come within ${this.#timeoutMs} ms; ${this.#inHand()}`);
      });
    }
  }

  /** Closes the connection, unless it is closed. */
  close(): Promise<CloseFrame> {
    this.#socket.close(NORMAL_CLOSURE);
    return this.closed;
  }

  #inHand(): string {
    return this.#kept.length === 0 ? 'nothing else came' : `there was: ${JSON.stringify(this.#kept)}`;
  }
}
