import { PACKAGE_VERSION } from '../../common/package-version.js';
import { PROTOCOL_VERSIONS, type RequestError } from '../wire/frames.js';
import { GatewayCallError, type CallFailure } from './gateway-call.error.js';

/** What a gateway sends. Nothing is certain about it, since any program may listen on a port. */
export interface GatewayAnswer {
  readonly type?: string;
  readonly event?: string;
  readonly id?: string;
  readonly ok?: boolean;
  readonly payload?: unknown;
  readonly error?: Partial<RequestError>;
}

/** A longer message of a gateway ends its connection. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

const NOT_ALLOWED = new Set(['AUTH_TOKEN_MISSING', 'AUTH_TOKEN_MISMATCH', 'MISSING_SCOPE']);

/** What a client of this package says when it connects. */
export function connectParams(token: string | undefined): object {
  return {
    minProtocol: PROTOCOL_VERSIONS.min,
    maxProtocol: PROTOCOL_VERSIONS.max,
    client: { id: 'cli', version: PACKAGE_VERSION, platform: process.platform, mode: 'cli' },
    role: 'operator',
    ...(token !== undefined && { auth: { token } }),
  };
}

/** Anything else than an object is as good as an empty one. */
export function parseAnswer(data: Buffer): GatewayAnswer {
  try {
    const value: unknown = JSON.parse(data.toString());
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** What a client of this command line can do about its token. */
const TOKEN_ADVICE: Readonly<Record<string, string>> = {
  AUTH_TOKEN_MISSING: 'asks for a token; pass it with --token or OPENCLAW_GATEWAY_TOKEN',
  AUTH_TOKEN_MISMATCH: 'rejected the token; pass the right one with --token or OPENCLAW_GATEWAY_TOKEN',
};

/** The gateway has not let the client in. */
export function refusedEntry(url: string, error: Partial<RequestError> | undefined): GatewayCallError {
  const { code = '' } = (error?.details ?? {}) as { code?: string };
  const advice = Object.hasOwn(TOKEN_ADVICE, code) ? TOKEN_ADVICE[code] : undefined;
  if (advice === undefined) return refused(`the gateway on ${url} rejected this client`, error);
  const answer = { code: 'UNAVAILABLE', ...error, message: messageOf(error) };
  return new GatewayCallError('not allowed', `the gateway on ${url} ${advice}`, answer);
}

/** The gateway has not done what it was asked. */
export function refusedRequest(method: string, error: Partial<RequestError> | undefined): GatewayCallError {
  return refused(method, error);
}

function refused(what: string, error: Partial<RequestError> | undefined): GatewayCallError {
  const message = messageOf(error);
  return new GatewayCallError(kindOf(error), `${what}: ${message}`, { code: 'UNAVAILABLE', ...error, message });
}

function kindOf(error: Partial<RequestError> | undefined): CallFailure {
  const { code } = (error?.details ?? {}) as { code?: string };
  if (code !== undefined && NOT_ALLOWED.has(code)) return 'not allowed';
  return error?.retryable ? 'not ready' : 'refused';
}

function messageOf(error: Partial<RequestError> | undefined): string {
  const message: unknown = error?.message;
  return typeof message === 'string' ? message : 'it does not say why';
}
