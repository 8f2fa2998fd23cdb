import type { ClaimedListener } from './listener/claimed-listener.js';
import { DEFAULT_PORT, type ClaimOptions } from './listener/claim-listener.js';

/** What arrives in one WebSocket message: text as a string, binary as it came. */
export type WsMessage = string | Buffer | ArrayBuffer | Buffer[];

/** Turns a message into the event it names; nothing to ignore the message. */
export type WsMessageParser = (message: WsMessage) => { event: string; data: unknown } | undefined;

export interface GatewayHttpOptions {
  /**
   * How long a connection may take to send the headers of a request. Milliseconds.
   * @default 10000
   */
  headersTimeoutMs?: number;
  /**
   * How long a connection may take to send a whole request. Milliseconds.
   * @default 30000
   */
  requestTimeoutMs?: number;
  /**
   * How long an idle connection is kept between two requests. Milliseconds.
   * @default 5000
   */
  keepAliveTimeoutMs?: number;
}

export interface GatewayWsOptions {
  /**
   * The longest message that is accepted; a longer one closes its connection with 1009. Bytes.
   * @default 1048576
   */
  maxPayloadBytes?: number;
  /** Replaces the `{"event": string, "data": any}` format of what clients send. */
  messageParser?: WsMessageParser;
}

export interface GatewayLockOptions extends ClaimOptions {
  /** A listener claimed before the app was created; `host`, `port` and `ipv6Only` are then not looked at. */
  listener?: ClaimedListener;
  /**
   * How long clients and running requests are given at shutdown before they are cut off. Milliseconds.
   * @default 1000
   */
  shutdownGraceMs?: number;
  /**
   * How long the whole shutdown of the app may take before `GatewayLockService.overdue` reports it. Milliseconds.
   * @default 5000
   */
  shutdownDeadlineMs?: number;
  /**
   * HTTP paths that the app answers in every phase; all others get 503 unless the gateway is ready.
   * @default ['/healthz', '/health', '/readyz', '/ready', '/.well-known/gateway']
   */
  probePaths?: readonly string[];
  http?: GatewayHttpOptions;
  ws?: GatewayWsOptions;
}

/** The options with every default filled in. */
export type GatewayLockSettings = Omit<Required<GatewayLockOptions>, 'listener' | 'http' | 'ws'> & {
  readonly listener: ClaimedListener | undefined;
  readonly http: Required<GatewayHttpOptions>;
  readonly ws: Required<Omit<GatewayWsOptions, 'messageParser'>> & Pick<GatewayWsOptions, 'messageParser'>;
};

/** The one place where the defaults stand. */
export function withDefaults(options: GatewayLockOptions): GatewayLockSettings {
  const { http = {}, ws = {} } = options;
  return {
    host: options.host ?? 'localhost',
    port: options.port ?? DEFAULT_PORT,
    ipv6Only: options.ipv6Only ?? false,
    listener: options.listener,
    shutdownGraceMs: options.shutdownGraceMs ?? 1_000,
    shutdownDeadlineMs: options.shutdownDeadlineMs ?? 5_000,
    probePaths: options.probePaths ?? ['/healthz', '/health', '/readyz', '/ready', '/.well-known/gateway'],
    http: {
      headersTimeoutMs: http.headersTimeoutMs ?? 10_000,
      requestTimeoutMs: http.requestTimeoutMs ?? 30_000,
      keepAliveTimeoutMs: http.keepAliveTimeoutMs ?? 5_000,
    },
    ws: {
      maxPayloadBytes: ws.maxPayloadBytes ?? 1_048_576,
      ...(ws.messageParser && { messageParser: ws.messageParser }),
    },
  };
}
