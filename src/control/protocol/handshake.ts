import { randomUUID } from 'node:crypto';

import * as v from 'valibot';

import { CloseCode } from '../../serving/close-code.js';
import type { WsClient } from '../../serving/ws-client.js';
import type { TokenJudgement } from '../access/authenticator.service.js';
import type { ClientScope } from '../../options/access.options.js';
import { ConnectParams } from '../wire/connect-params.js';
import {
  errorFrame,
  eventHead,
  parseMessage,
  PROTOCOL_VERSIONS,
  unnumbered,
  type RequestError,
} from '../wire/frames.js';
import { limitFirstFrame } from './first-frame.js';
import { misfit } from './params.pipe.js';

/** The limit on the first message. */
const MAX_CONNECT_BYTES = 64 * 1024;
/** When a client that was told `too many attempts` should try again. */
const BUSY_RETRY_MS = 1_000;

/** Why a client was refused in the handshake: the label of the metric, and the reason of the close frame. */
export type HandshakeFailure =
  | 'handshake timeout'
  | 'too many handshakes'
  | 'first message too big'
  | 'no connect request'
  | 'no common protocol version'
  | 'token missing'
  | 'token mismatch'
  | 'too many attempts';

export interface HandshakeHost {
  readonly handshakeTimeoutMs: number;
  judge(client: WsClient, token: string): Promise<TokenJudgement>;
  /** @param about what the client said of itself, if it did */
  onFailure(client: WsClient, why: HandshakeFailure, about?: ConnectParams['client']): void;
}

export interface Admitted {
  /** The id of the connect request, which is yet to be answered. */
  readonly requestId: string;
  readonly protocol: number;
  readonly scopes: readonly ClientScope[];
  readonly about: ConnectParams['client'];
}

/** What precedes the admission of a client: a challenge, its connect request, the judgement. */
export class Handshake {
  readonly #deadline: NodeJS.Timeout;
  readonly #endLimit: () => void;
  /** What a client has sent without waiting for the judgement. */
  readonly #early: [data: Buffer, isBinary: boolean][] = [];
  #isJudging = false;
  #isOver = false;

  constructor(
    private readonly client: WsClient,
    private readonly host: HandshakeHost,
    private readonly onAdmitted: (admitted: Admitted, early: readonly [data: Buffer, isBinary: boolean][]) => void,
  ) {
    this.#deadline = setTimeout(
      () => this.#refuse('handshake timeout', CloseCode.POLICY_VIOLATION),
      host.handshakeTimeoutMs,
    );
    this.#endLimit = limitFirstFrame(client.connection, MAX_CONNECT_BYTES, () =>
      this.#refuse('first message too big', CloseCode.MESSAGE_TOO_BIG),
    );
    client.send(unnumbered(eventHead('connect.challenge', { nonce: randomUUID(), ts: Date.now() })));
  }

  receive(data: Buffer, isBinary: boolean): void {
    if (this.#isOver) return;
    if (this.#isJudging) {
      this.#early.push([data, isBinary]);
      return;
    }
    if (data.length > MAX_CONNECT_BYTES) {
      this.#refuse('first message too big', CloseCode.MESSAGE_TOO_BIG);
      return;
    }
    const parsed = parseMessage(data, isBinary);
    if (parsed.kind === 'invalid') {
      this.#refuse('no connect request', CloseCode.POLICY_VIOLATION, parsed.id, invalid(parsed.rule));
      return;
    }
    const { id, method, params } = parsed.request;
    if (method !== 'connect') {
      this.#refuse('no connect request', CloseCode.POLICY_VIOLATION, id, invalid('the first request is connect'));
      return;
    }
    void this.#judge(id, params ?? {});
  }

  /** Refuses the client: too many are waiting, and this one has waited for longest. */
  evict(): void {
    this.#refuse('too many handshakes', CloseCode.TRY_AGAIN_LATER);
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#endLimit();
  }

  async #judge(id: string, params: Readonly<Record<string, unknown>>): Promise<void> {
    this.#isJudging = true;
    clearTimeout(this.#deadline);
    const result = v.safeParse(ConnectParams, params, { abortPipeEarly: true });
    if (!result.success) {
      this.#refuse('no connect request', CloseCode.POLICY_VIOLATION, id, misfit(result.issues));
      return;
    }
    const { minProtocol, maxProtocol, auth, client: about } = result.output;
    const protocol = Math.min(maxProtocol, PROTOCOL_VERSIONS.max);
    if (protocol < Math.max(minProtocol, PROTOCOL_VERSIONS.min)) {
      this.#refuse('no common protocol version', CloseCode.PROTOCOL_ERROR, id, VERSION_MISMATCH);
      return;
    }
    const token = auth?.token ?? auth?.password ?? '';
    if (token === '') {
      this.#refuse('token missing', CloseCode.POLICY_VIOLATION, id, unauthorized('MISSING'), about);
      return;
    }
    // Nothing more is read until the token is judged.
    this.client.pause();
    const judgement = await this.host.judge(this.client, token);
    this.client.resume();
    if (this.#isOver || !this.client.isOpen) return;
    if (judgement.kind === 'right') {
      this.end();
      this.onAdmitted({ requestId: id, protocol, scopes: judgement.value, about }, this.#early);
    } else if (judgement.kind === 'wrong') {
      this.#refuse('token mismatch', CloseCode.POLICY_VIOLATION, id, unauthorized('MISMATCH'), about);
    } else {
      this.#refuse('too many attempts', CloseCode.TRY_AGAIN_LATER, id, BUSY, about);
    }
  }

  #refuse(
    why: HandshakeFailure,
    code: number,
    id?: string,
    error?: RequestError,
    about?: ConnectParams['client'],
  ): void {
    if (this.#isOver) return;
    this.end();
    if (id !== undefined && error) this.client.send(errorFrame(id, error));
    this.client.refuse(code, why);
    this.host.onFailure(this.client, why, about);
  }
}

function invalid(rule: string): RequestError {
  return { code: 'INVALID_REQUEST', message: `invalid handshake: ${rule}` };
}

function unauthorized(how: 'MISSING' | 'MISMATCH'): RequestError {
  return {
    code: 'INVALID_REQUEST',
    message: `unauthorized: the gateway token is ${how === 'MISSING' ? 'missing' : 'wrong'}`,
    details: { code: `AUTH_TOKEN_${how}` },
  };
}

const VERSION_MISMATCH: RequestError = {
  code: 'INVALID_REQUEST',
  message: `protocol mismatch: this gateway speaks versions ${PROTOCOL_VERSIONS.min} to ${PROTOCOL_VERSIONS.max}`,
  details: { code: 'PROTOCOL_MISMATCH', expectedProtocol: PROTOCOL_VERSIONS.max },
};

const BUSY: RequestError = {
  code: 'UNAVAILABLE',
  message: 'too many attempts from this address',
  retryable: true,
  retryAfterMs: BUSY_RETRY_MS,
};
