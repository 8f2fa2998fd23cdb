import { randomUUID } from 'node:crypto';

import { WebSocket } from 'ws';

import { PACKAGE_VERSION } from '../../common/package-version.js';
import { askWhose, NoCardError, OneConnectionAgent } from '../../holder/ask-whose.js';
import { isOwn } from '../../holder/who-holds.js';
import { addressOfUrl } from '../../listener/listen-address.js';
import { PROTOCOL_VERSIONS, type RequestError } from '../wire/frames.js';
import { failureOf, judgeAnswer, tooLate } from './failed-connection.js';
import { GatewayCallError, type CallFailure } from './gateway-call.error.js';

export interface CallOptions {
  /** As in `ws://127.0.0.1:18789`. */
  readonly url: string;
  readonly token: string | undefined;
  readonly method: string;
  readonly params?: object | undefined;
  /**
   * For all of it, the connection included, in milliseconds.
   * @default 10000
   */
  readonly timeoutMs?: number;
  /**
   * Shows the token only to a gateway of this user: one that proves on the same connection that it knows this secret of
   * the state folder or, where it proves nothing, one whose connected socket is this user's by the operating system.
   * @default the token is for whatever the url names
   */
  readonly ownOnly?: { readonly secret: string | undefined };
}

interface Frame {
  readonly type?: string;
  readonly event?: string;
  readonly id?: string;
  readonly ok?: boolean;
  readonly payload?: unknown;
  readonly error?: Partial<RequestError>;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const NOT_ALLOWED = new Set(['AUTH_TOKEN_MISSING', 'AUTH_TOKEN_MISMATCH', 'MISSING_SCOPE']);

/**
 * Connects to a gateway, makes one request, and hangs up.
 *
 * @returns the payload of the answer
 * @throws {GatewayCallError}
 * @example
 * ```ts
 * const health = await callGateway({ url: 'ws://127.0.0.1:18789', token, method: 'health' });
 * ```
 */
export async function callGateway({ timeoutMs = DEFAULT_TIMEOUT_MS, ...options }: CallOptions): Promise<unknown> {
  const deadline = performance.now() + timeoutMs;
  const agent = options.ownOnly && (await connectToOwn(options.url, options.ownOnly.secret, timeoutMs));
  try {
    return await request({ ...options, timeoutMs, deadline, agent });
  } finally {
    agent?.destroy();
  }
}

/** @throws {GatewayCallError} what is there is not certain to be a gateway of this user */
async function connectToOwn(url: string, secret: string | undefined, timeoutMs: number): Promise<OneConnectionAgent> {
  const agent = new OneConnectionAgent(addressOfUrl(url));
  try {
    const ownership = await askWhose(agent, secret, timeoutMs);
    if (isOwn({ ownership })) return agent;
    throw ownership === 'other user'
      ? new GatewayCallError(
          'not a gateway',
          `${NOT_SHOWN} ${url}, which is another user's: name it with --url to show one`,
        )
      : new GatewayCallError(
          'not ready',
          `${NOT_SHOWN} ${url}: it cannot be told whose it is; name it with --url to show one`,
        );
  } catch (error) {
    agent.destroy();
    if (error instanceof GatewayCallError) throw error;
    const failure = await failureOf(error as NodeJS.ErrnoException, url, timeoutMs);
    if (!(error instanceof NoCardError) || failure.code !== 'not a gateway') throw failure;
    throw new GatewayCallError(failure.code, `${failure.message}; ${NOT_SHOWN} ${url}`);
  }
}

const NOT_SHOWN = 'the token of this user is not shown to';

interface RequestOptions extends CallOptions {
  readonly timeoutMs: number;
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  readonly agent: OneConnectionAgent | undefined;
}

function request({ url, token, method, params, timeoutMs, deadline, agent }: RequestOptions): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, {
      maxPayload: MAX_ANSWER_BYTES,
      perMessageDeflate: false,
      ...(agent && { agent }),
    });
    const end = (how: () => void): void => {
      clearTimeout(timer);
      how();
      socket.removeAllListeners('close').close();
      // A peer that never answers the close frame does not keep us.
      socket.once('close', () => undefined);
      setTimeout(() => socket.terminate(), CLOSE_GRACE_MS).unref();
    };
    const fail = (error: GatewayCallError): void => end(() => reject(error));
    const failWith = (kind: CallFailure, message: string, answer?: RequestError): void =>
      fail(new GatewayCallError(kind, message, answer));
    const timer = setTimeout(() => fail(tooLate(url, timeoutMs)), Math.max(deadline - performance.now(), 0));
    const ids = { connect: randomUUID(), request: randomUUID() };
    const ask = (id: string, name: string, about: object): void =>
      socket.send(JSON.stringify({ type: 'req', id, method: name, params: about }));

    socket.on('unexpected-response', (_request, { statusCode = 0, headers }) =>
      fail(judgeAnswer(statusCode, headers, url)),
    );
    socket.on('error', (error: NodeJS.ErrnoException) => {
      end(() => void failureOf(error, url, timeoutMs).then(reject));
    });
    socket.on('close', (code, reason) => {
      const why = reason.toString();
      failWith('not ready', `the gateway on ${url} hung up: ${code}${why && ` ${why}`}`);
    });
    // A server that repeats its challenge is answered once.
    let hasAsked = false;
    socket.on('message', (data: Buffer) => {
      const frame = parse(data);
      if (frame.type === 'event' && frame.event === 'connect.challenge' && !hasAsked) {
        hasAsked = true;
        ask(ids.connect, 'connect', connectParams(token));
      } else if (frame.type === 'res' && frame.id === ids.connect) {
        if (frame.ok) ask(ids.request, method, params ?? {});
        else
          failWith(
            kindOf(frame.error),
            `the gateway on ${url} lets nobody in: ${textOf(frame.error)}`,
            full(frame.error),
          );
      } else if (frame.type === 'res' && frame.id === ids.request) {
        if (frame.ok) end(() => resolve(frame.payload ?? null));
        else failWith(kindOf(frame.error), `${method}: ${textOf(frame.error)}`, full(frame.error));
      }
    });
  });
}

const CLOSE_GRACE_MS = 1_000;

function connectParams(token: string | undefined): object {
  return {
    minProtocol: PROTOCOL_VERSIONS.min,
    maxProtocol: PROTOCOL_VERSIONS.max,
    client: { id: 'cli', version: PACKAGE_VERSION, platform: process.platform, mode: 'cli' },
    role: 'operator',
    ...(token !== undefined && { auth: { token } }),
  };
}

/** Anything else than an object is as good as an empty one. */
function parse(data: Buffer): Frame {
  try {
    const value: unknown = JSON.parse(data.toString());
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function kindOf(error: Partial<RequestError> | undefined): CallFailure {
  const { code } = (error?.details ?? {}) as { code?: string };
  if (code !== undefined && NOT_ALLOWED.has(code)) return 'not allowed';
  return error?.retryable ? 'not ready' : 'refused';
}

function textOf(error: Partial<RequestError> | undefined): string {
  const message: unknown = error?.message;
  return typeof message === 'string' ? message : 'it does not say why';
}

function full(error: Partial<RequestError> | undefined): RequestError {
  return { code: 'UNAVAILABLE', ...error, message: textOf(error) };
}
