import type { ClaimedListener } from './listener/claimed-listener.js';
import type { Holder } from './listener/holder.js';
import type { ClaimOptions } from './listener/claim-listener.js';

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

export interface AcquireOptions {
  /**
   * `fail`: a held port is a refusal, at once. `standby`: wait for the holder to go, and take over.
   * @default 'fail'
   */
  wait?: 'fail' | 'standby';
  /**
   * Whether a refusal asks the port who holds it, for `GatewayLockError.holder`; at most 500 ms.
   * @default true
   */
  identify?: boolean;
  /** Called each time a standby begins to wait for another holder. */
  onWait?: (holder: Holder) => void;
}

/** What the gateway says of itself on its card. */
export interface IdentityOptions {
  /** @default 'default' */
  profile?: string;
  /** @default the version of this package */
  version?: string;
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
  acquire?: AcquireOptions;
  identity?: IdentityOptions;
  http?: GatewayHttpOptions;
  ws?: GatewayWsOptions;
}

/** The options with every default filled in, but for those of the claim, which has its own. */
export type GatewayLockSettings = GatewayLockOptions &
  Required<
    Pick<GatewayLockOptions, 'shutdownGraceMs' | 'shutdownDeadlineMs' | 'probePaths' | 'acquire' | 'identity'>
  > & {
    readonly http: Required<GatewayHttpOptions>;
    readonly ws: GatewayWsOptions & Required<Pick<GatewayWsOptions, 'maxPayloadBytes'>>;
  };

/** The one place where the defaults stand. */
export function withDefaults(options: GatewayLockOptions): GatewayLockSettings {
  return {
    shutdownGraceMs: 1_000,
    shutdownDeadlineMs: 5_000,
    probePaths: ['/healthz', '/health', '/readyz', '/ready', '/.well-known/gateway'],
    acquire: {},
    identity: {},
    ...options,
    http: { headersTimeoutMs: 10_000, requestTimeoutMs: 30_000, keepAliveTimeoutMs: 5_000, ...options.http },
    ws: { maxPayloadBytes: 1_048_576, ...options.ws },
  };
}
