/** The messages of the control port: one JSON object in each text message. */

export interface RequestFrame {
  readonly type: 'req';
  readonly id: string;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** Why a request failed, as the client is told. */
export interface RequestError {
  /**
   * What a program goes by. `INVALID_REQUEST`: the fault is the client's. `UNAVAILABLE`: the fault is the gateway's. An app
   * may add its own.
   */
  readonly code: 'INVALID_REQUEST' | 'UNAVAILABLE' | (string & {});
  /** One line for people. */
  readonly message: string;
  /** More for programs, in JSON. */
  readonly details?: unknown;
  /**
   * Whether the same request can succeed later.
   * @default false
   */
  readonly retryable?: boolean;
  /** When to try again, in milliseconds from now. */
  readonly retryAfterMs?: number;
}

/** How a request ended, for the metrics. */
export type RequestOutcome = 'ok' | 'error' | 'unavailable';

export const PROTOCOL_VERSIONS = { min: 3, max: 4 } as const;

const MAX_ID_LENGTH = 128;
const MAX_METHOD_LENGTH = 128;
/** The id of an answer to a message that has none. */
const NO_ID = 'invalid';

export type ParsedFrame =
  | { readonly kind: 'request'; readonly request: RequestFrame }
  /** `id` is that of the message, where it has a valid one. */
  | { readonly kind: 'invalid'; readonly id: string; readonly rule: string };

/** The request in a message of a client. Never throws. */
export function parseMessage(data: Buffer, isBinary: boolean): ParsedFrame {
  return isBinary ? { kind: 'invalid', id: NO_ID, rule: 'a message is a text' } : parseFrame(data.toString());
}

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

/** An event without its end, so that it is made once for all clients: only its number differs. */
export function eventHead(event: string, payload: unknown, stateVersion?: StateVersion): string {
  return JSON.stringify({ type: 'event', event, payload: payload ?? null, stateVersion }).slice(0, -1);
}

/** Completes an event without a number, for a client that is not admitted yet. */
export function unnumbered(head: string): string {
  return `${head}}`;
}

/** Completes an event with its number. */
export function numbered(head: string, seq: number): string {
  return head + numberedEnd(seq);
}

/** What {@link numbered} adds to an event. */
export function numberedEnd(seq: number): string {
  return `,"seq":${seq}}`;
}

/** How often the presence list and the health have changed: a client that missed a change asks again. */
export interface StateVersion {
  /** Of the list of clients. */
  readonly presence: number;
  /** Of the health. */
  readonly health: number;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isShortText(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= maxLength;
}
