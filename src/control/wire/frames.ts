/** What is said on the control port: one JSON object in each text message. */

export interface RequestFrame {
  readonly type: 'req';
  readonly id: string;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** Why a request was not done. */
export interface RequestError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: unknown;
  /** Whether the same request can be done later. */
  readonly retryable?: boolean;
  /** Milliseconds. */
  readonly retryAfterMs?: number;
}

/** `INVALID_REQUEST`: the client's doing; `UNAVAILABLE`: the gateway's. Others are an app's own. */
export type ErrorCode = 'INVALID_REQUEST' | 'UNAVAILABLE' | (string & {});

/** How a request ended, for the metrics. */
export type RequestOutcome = 'ok' | 'error' | 'unavailable';

export const PROTOCOL_VERSIONS = { min: 3, max: 4 } as const;

const MAX_ID_LENGTH = 128;
const MAX_METHOD_LENGTH = 128;
/** Answers to what has no id of its own. */
export const NO_ID = 'invalid';

export type ParsedFrame =
  | { readonly kind: 'request'; readonly request: RequestFrame }
  /** With the id that it has, if it is one. */
  | { readonly kind: 'invalid'; readonly id: string; readonly rule: string };

/** Never throws. */
export function parseFrame(text: string): ParsedFrame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'invalid', id: NO_ID, rule: 'a message is a JSON object' };
  }
  if (!isObject(value)) return { kind: 'invalid', id: NO_ID, rule: 'a message is a JSON object' };
  const { type, id, method, params } = value;
  if (!isShortText(id, MAX_ID_LENGTH)) {
    return { kind: 'invalid', id: NO_ID, rule: `id is a text of 1 to ${MAX_ID_LENGTH} characters` };
  }
  if (type !== 'req') return { kind: 'invalid', id, rule: 'type is "req"' };
  if (!isShortText(method, MAX_METHOD_LENGTH)) {
    return { kind: 'invalid', id, rule: `method is a text of 1 to ${MAX_METHOD_LENGTH} characters` };
  }
  if (params !== undefined && !isObject(params)) return { kind: 'invalid', id, rule: 'params is an object' };
  return { kind: 'request', request: value as unknown as RequestFrame };
}

/** @throws {TypeError} the payload has no form in JSON */
export function resultFrame(id: string, payload: unknown): string {
  return JSON.stringify({ type: 'res', id, ok: true, payload: payload ?? null });
}

export function errorFrame(id: string, error: RequestError): string {
  return JSON.stringify({ type: 'res', id, ok: false, error });
}

/** An event without its end, so that it is made once for all clients: what differs is how it is numbered. */
export function eventHead(event: string, payload: unknown, stateVersion?: StateVersion): string {
  return JSON.stringify({ type: 'event', event, payload: payload ?? null, stateVersion }).slice(0, -1);
}

/** One that has no number: the client is not in yet. */
export function unnumbered(head: string): string {
  return `${head}}`;
}

export function numbered(head: string, seq: number): string {
  return `${head},"seq":${seq}}`;
}

/** Counts the changes of what a client may want to ask for again. */
export interface StateVersion {
  readonly presence: number;
  readonly health: number;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isShortText(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= maxLength;
}
