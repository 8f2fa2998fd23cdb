import { randomUUID } from 'node:crypto';

import type { WsClient, ResultObserver } from '../../serving/ws-client.js';
import type { ShutdownNotice, WsSession } from '../../serving/ws-session.js';
import { GatewayClient } from '../clients/gateway-client.js';
import {
  errorFrame,
  eventHead,
  parseMessage,
  resultFrame,
  unnumbered,
  type RequestError,
  type RequestFrame,
  type RequestOutcome,
} from '../wire/frames.js';
import { describeUnserved } from './agent-features.js';
import { Handshake, type Admitted, type HandshakeHost } from './handshake.js';
import { RequestCall } from './request-call.js';
import { describeException } from '../wire/request-error.js';

export interface SessionHost extends HandshakeHost {
  readonly maxRequests: number;
  /** Called for a client that is about to reach the gateway classes. */
  onAdmitted(session: OpenclawSession, client: GatewayClient): void;
  /** @param client `undefined` for a client that was not admitted */
  onEnded(session: OpenclawSession, client: GatewayClient | undefined, code: number, reason: string): void;
  /** The payload of the answer to its connect request. */
  hello(client: GatewayClient, protocol: number, methods: readonly string[]): unknown;
  /**
   * @param method `undefined` for a method that does not exist
   * @param refusal what the client was told, where no method was called
   */
  onAnswered(method: string | undefined, outcome: RequestOutcome, startedAt: number, refusal?: string): void;
  /** Called for an exception that the client is not told about. */
  onException(method: string, exception: unknown): void;
}

/** The conversation with one client in the protocol of the control port: a handshake, then requests. */
export class OpenclawSession implements WsSession {
  #handshake: Handshake | undefined;
  #entered: GatewayClient | undefined;
  #running = 0;

  constructor(
    private readonly client: WsClient,
    private readonly host: SessionHost,
  ) {
    this.#handshake = new Handshake(client, host, (admitted, early) => this.#admit(admitted, early));
  }

  get getsTicks(): boolean {
    return this.#entered !== undefined;
  }

  receive(data: Buffer, isBinary: boolean): void {
    if (this.#handshake) {
      this.#handshake.receive(data, isBinary);
      return;
    }
    this.#entered?.countRequest();
    const parsed = parseMessage(data, isBinary);
    if (parsed.kind === 'request') this.#request(parsed.request);
    else this.#refuse(parsed.id, { code: 'INVALID_REQUEST', message: `invalid request: ${parsed.rule}` });
  }

  farewell(notice: ShutdownNotice): void {
    if (this.#entered) this.#entered.send('shutdown', notice);
    else this.client.send(unnumbered(eventHead('shutdown', notice)));
  }

  ended(code: number, reason: string): void {
    this.#handshake?.end();
    this.host.onEnded(this, this.#entered, code, reason);
  }

  /** Refuses a client that has not sent its connect request yet. */
  evict(): void {
    this.#handshake?.evict();
  }

  #admit({ requestId, protocol, scopes, about }: Admitted, early: readonly [Buffer, boolean][]): void {
    this.#handshake = undefined;
    const entered = new GatewayClient(randomUUID(), scopes, about, this.client);
    this.#entered = entered;
    this.host.onAdmitted(this, entered);
    if (!this.client.enterOrClose()) return;
    this.client.send(resultFrame(requestId, this.host.hello(entered, protocol, this.client.messages)));
    entered.begin();
    for (const [data, isBinary] of early) this.receive(data, isBinary);
  }

  #request({ id, method, params }: RequestFrame): void {
    const [handler] = this.client.handlersOf(method);
    if (!handler) {
      this.#refuse(id, method === 'connect' ? CONNECTED : describeUnserved(method));
    } else if (this.#running >= this.host.maxRequests) {
      this.host.onAnswered(method, 'unavailable', performance.now());
      this.client.send(errorFrame(id, tooMany(this.host.maxRequests)));
    } else {
      this.#running++;
      const call = new RequestCall(id, method);
      void this.client.call(handler, params ?? {}, call, new Answer(this.client, this, this.host, call));
    }
  }

  #refuse(id: string, error: RequestError): void {
    this.host.onAnswered(undefined, 'error', performance.now(), error.message);
    this.client.send(errorFrame(id, error));
  }

  /** Sends an event that belongs to a request which is yet to be answered. */
  tell(event: string, payload: unknown): void {
    this.#entered?.send(event, payload);
  }

  finished(): void {
    this.#running--;
  }
}

/** Turns the values of a handler into the answer to its request, which is the last value, and events before it. */
class Answer implements ResultObserver {
  readonly #startedAt = performance.now();
  #last: unknown;
  #hasValue = false;

  constructor(
    private readonly client: WsClient,
    private readonly session: OpenclawSession,
    private readonly host: SessionHost,
    private readonly call: RequestCall,
  ) {}

  next(value: unknown): void {
    if (this.#hasValue) this.#tellBefore(this.#last);
    this.#last = value;
    this.#hasValue = true;
  }

  complete(): void {
    if (this.call.failure) {
      this.error(this.call.failure.exception);
      return;
    }
    let text: string;
    try {
      text = resultFrame(this.call.id, this.#last);
    } catch (error) {
      this.error(error);
      return;
    }
    this.#finish('ok', text);
  }

  error(exception: unknown): void {
    const { error, isInternal } = describeException(exception);
    let text: string;
    try {
      text = errorFrame(this.call.id, error);
    } catch (cause) {
      this.error(new Error('it failed with an error that has no form in JSON', { cause }));
      return;
    }
    if (isInternal) this.host.onException(this.call.method, exception);
    this.#finish(isInternal ? 'unavailable' : 'error', text);
  }

  #finish(outcome: RequestOutcome, text: string): void {
    this.session.finished();
    this.host.onAnswered(this.call.method, outcome, this.#startedAt);
    this.client.send(text);
  }

  #tellBefore(value: unknown): void {
    const { event, data } = (value ?? {}) as { event?: unknown; data?: unknown };
    if (typeof event === 'string') this.session.tell(event, data);
    else this.session.tell(this.call.method, value);
  }
}

const CONNECTED: RequestError = { code: 'INVALID_REQUEST', message: 'this client is connected already' };

function tooMany(limit: number): RequestError {
  return {
    code: 'UNAVAILABLE',
    message: `too many requests at once: a connection may have ${limit} of them`,
    retryable: true,
    retryAfterMs: 100,
  };
}
