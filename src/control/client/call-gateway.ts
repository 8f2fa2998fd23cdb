import { randomUUID } from 'node:crypto';

import { WebSocket } from 'ws';

import { packageVersion } from '../../common/package-version.js';
import { PROTOCOL_VERSIONS, type RequestError } from '../wire/frames.js';
import { GatewayCallError, type CallFailure } from './gateway-call.error.js';

export interface CallOptions {
  /** As in `ws://127.0.0.1:18789`. */
  readonly url: string;
  readonly token: string | undefined;
  readonly method: string;
  readonly params?: object | undefined;
  /**
   * For all of it, the connection included. Milliseconds.
   * @default 10000
   */
  readonly timeoutMs?: number;
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
const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL']);
const SERVICE_UNAVAILABLE = 503;
const NOT_ALLOWED = new Set(['AUTH_TOKEN_MISSING', 'AUTH_TOKEN_MISMATCH', 'MISSING_SCOPE']);

/**
 * Connects to a gateway, makes one request, and hangs up.
 *
 * @returns the payload of the answer
 * @throws {GatewayCallError}
 */
export function callGateway({
  url,
  token,
  method,
  params,
  timeoutMs = DEFAULT_TIMEOUT_MS,
}: CallOptions): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { maxPayload: MAX_ANSWER_BYTES, perMessageDeflate: false });
    const fail = (kind: CallFailure, message: string, answer?: RequestError): void => {
      settle(() => reject(new GatewayCallError(kind, message, answer)));
    };
    const timer = setTimeout(() => fail('not ready', `no answer from ${url} within ${timeoutMs} ms`), timeoutMs);
    const settle = (how: () => void): void => {
      clearTimeout(timer);
      how();
      socket.removeAllListeners('close').close();
      // A peer that never answers the close frame does not keep us.
      socket.once('close', () => undefined);
      setTimeout(() => socket.terminate(), CLOSE_GRACE_MS).unref();
    };
    const ids = { connect: randomUUID(), request: randomUUID() };
    const ask = (id: string, name: string, about: object): void =>
      socket.send(JSON.stringify({ type: 'req', id, method: name, params: about }));

    socket.on('unexpected-response', (_request, { statusCode = 0 }) => {
      if (statusCode === SERVICE_UNAVAILABLE) fail('not ready', `the gateway on ${url} does not let clients in now`);
      else fail('not a gateway', `${url} answered ${statusCode}, as a gateway does not`);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const { code = '' } = error;
      if (UNREACHABLE.has(code)) fail('unreachable', `nobody listens on ${url}`);
      else fail('not a gateway', `${url} does not speak as a gateway does: ${error.message}`);
    });
    socket.on('close', (code, reason) => {
      const why = reason.toString();
      fail('not ready', `the gateway on ${url} hung up: ${code}${why && ` ${why}`}`);
    });
    socket.on('message', (data: Buffer) => {
      const frame = parse(data);
      if (frame.type === 'event' && frame.event === 'connect.challenge') {
        ask(ids.connect, 'connect', connectParams(token));
      } else if (frame.type === 'res' && frame.id === ids.connect) {
        if (frame.ok) ask(ids.request, method, params ?? {});
        else
          fail(kindOf(frame.error), `the gateway on ${url} lets nobody in: ${textOf(frame.error)}`, full(frame.error));
      } else if (frame.type === 'res' && frame.id === ids.request) {
        if (frame.ok) settle(() => resolve(frame.payload ?? null));
        else fail(kindOf(frame.error), `${method}: ${textOf(frame.error)}`, full(frame.error));
      }
    });
  });
}

const CLOSE_GRACE_MS = 1_000;

function connectParams(token: string | undefined): object {
  return {
    minProtocol: PROTOCOL_VERSIONS.min,
    maxProtocol: PROTOCOL_VERSIONS.max,
    client: { id: 'cli', version: packageVersion(), platform: process.platform, mode: 'cli' },
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
