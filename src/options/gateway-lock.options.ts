import { checkDerivedPorts, type DerivedPorts } from './derived-ports.js';
import { DEFAULT_PORT, type ClaimOptions } from '../listener/claim-listener.js';
import type { ClaimedListener } from '../listener/claimed-listener.js';
import type { Holder } from '../listener/holder.js';

/** The name of a profile that has none. */
export const DEFAULT_PROFILE = 'default';

/** What arrives in one WebSocket message: text as a string, binary as it came. */
export type WsMessage = string | Buffer;

/** Turns a message into the event it names; nothing to ignore the message. */
export type WsMessageParser = (message: WsMessage) => { event: string; data: unknown } | undefined;

export interface GatewayHttpOptions {
  /**
   * How long a connection may take to send the headers of a request; looked at once a second. Milliseconds.
   * @default 8000
   */
  headersTimeoutMs?: number;
  /**
   * How long a connection may take to send a whole request; looked at once a second. Milliseconds.
   * @default 8000
   */
  requestTimeoutMs?: number;
  /**
   * How long an idle connection is kept between two requests. Milliseconds.
   * @default 5000
   */
  keepAliveTimeoutMs?: number;
  /**
   * How long a connection may take nothing of an answer that waits for it. Milliseconds.
   * @default 8000
   */
  stalledTimeoutMs?: number;
  /**
   * How many connections may be open on which no request is being answered, WebSockets not counted; beyond it, the one
   * that has been idle for longest is closed, if that is for more than a second, or there are 16 times as many.
   * @default 256
   */
  maxIdleConnections?: number;
}

export interface GatewayWsOptions {
  /**
   * The longest message that is accepted; a longer one closes its connection with 1009. Bytes.
   * @default 1048576
   */
  maxPayloadBytes?: number;
  /**
   * How many WebSockets may be open; a further upgrade gets 503.
   * @default 16384
   */
  maxConnections?: number;
  /**
   * How much may wait to be read by a client; one that reads more slowly is closed with 1013. Bytes.
   * @default 4194304
   */
  maxBufferedBytes?: number;
  /**
   * Between two pings; a client that sends nothing for two such periods is cut off. Milliseconds.
   * @default 25000
   */
  pingIntervalMs?: number;
  /** Replaces the `{"event": string, "data": any}` format of what clients send. */
  messageParser?: WsMessageParser;
}

export interface AuthOptions {
  /** A token that may do everything; 8 to 512 printable characters. */
  token?: string;
  /** Further tokens, each with what it may do. */
  tokens?: readonly { readonly token: string; readonly scopes: readonly ClientScope[] }[];
  /** Where no token is given: a file that holds one, and is made, for this user alone, if it is missing. */
  tokenFile?: string;
}

/** What a token may allow: to ask, to change, to run the gateway itself. */
export type ClientScope = 'operator.read' | 'operator.write' | 'operator.admin';

/** Who may ask, beyond whoever names this machine's loopback in `Host`, or comes from a page of it. */
export interface CallersOptions {
  /**
   * As in a `Host` header, exactly: `gateway.example:8443`; without a port, with the gateway's own.
   * @default []
   */
  hosts?: readonly string[];
  /**
   * As in an `Origin` header, exactly: `https://app.example`.
   * @default []
   */
  origins?: readonly string[];
}

/** Limits on the clients of `protocol: 'openclaw'`. */
export interface ClientLimits {
  /**
   * How many clients may be open that are yet to be let in; beyond it, the one that waits for longest is closed, if that
   * is for more than a second, or there are 16 times as many.
   * @default 128
   */
  maxHandshakes?: number;
  /**
   * How long a client may take to ask to be let in. Milliseconds.
   * @default 10000
   */
  handshakeTimeoutMs?: number;
  /**
   * How many requests of one client may be running; a further one is refused, to be tried again.
   * @default 256
   */
  maxRequests?: number;
  /**
   * Between two `tick` events. Milliseconds.
   * @default 30000
   */
  tickIntervalMs?: number;
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
   * @default ['/healthz', '/health', '/readyz', '/ready', '/metrics']
   */
  probePaths?: readonly string[];
  acquire?: AcquireOptions;
  identity?: IdentityOptions;
  /**
   * The folder where a gateway of this profile keeps what it has: made if it is missing, for this user alone, and held
   * together with the port, so that no second gateway uses it, on whatever port.
   * @default none: only the port is held
   */
  stateFolder?: string;
  /**
   * Further ports that are held together with the port, on the same hosts, for servers of the same gateway: how much
   * greater each is, from 1 to 19, by a name of its own; see `GatewayLockService.derived`.
   * @default {}
   */
  derived?: DerivedPorts;
  /**
   * What is spoken over WebSockets. `nest`: the `{"event", "data"}` of Nest's own adapter, without a handshake.
   * `openclaw`: the protocol of the control port, with tokens, requests and numbered events.
   * @default 'nest'
   */
  protocol?: 'nest' | 'openclaw';
  /** For `protocol: 'openclaw'`, which needs a token. */
  auth?: AuthOptions;
  callers?: CallersOptions;
  clients?: ClientLimits;
  http?: GatewayHttpOptions;
  ws?: GatewayWsOptions;
}

/** The options with every default filled in, but for those of the claim, which has its own. */
export type GatewayLockSettings = GatewayLockOptions &
  Required<
    Pick<
      GatewayLockOptions,
      'shutdownGraceMs' | 'shutdownDeadlineMs' | 'probePaths' | 'acquire' | 'identity' | 'derived' | 'protocol' | 'auth'
    >
  > & {
    readonly callers: Required<CallersOptions>;
    readonly clients: Required<ClientLimits>;
    readonly http: Required<GatewayHttpOptions>;
    readonly ws: GatewayWsOptions & Required<Omit<GatewayWsOptions, 'messageParser'>>;
  };

/**
 * The one place where the defaults stand.
 *
 * @throws {RangeError} a derived port that cannot be
 */
export function withDefaults(options: GatewayLockOptions): GatewayLockSettings {
  const { listener, port = DEFAULT_PORT, derived = {} } = options;
  checkDerivedPorts(derived, listener ? listener.port : port);
  return {
    shutdownGraceMs: 1_000,
    shutdownDeadlineMs: 5_000,
    probePaths: ['/healthz', '/health', '/readyz', '/ready', '/metrics'],
    acquire: {},
    identity: {},
    derived: {},
    protocol: 'nest',
    auth: {},
    ...options,
    callers: { hosts: [], origins: [], ...options.callers },
    clients: {
      maxHandshakes: 128,
      handshakeTimeoutMs: 10_000,
      maxRequests: 256,
      tickIntervalMs: 30_000,
      ...options.clients,
    },
    http: {
      headersTimeoutMs: 8_000,
      requestTimeoutMs: 8_000,
      keepAliveTimeoutMs: 5_000,
      stalledTimeoutMs: 8_000,
      maxIdleConnections: 256,
      ...options.http,
    },
    ws: {
      maxPayloadBytes: 1_048_576,
      maxConnections: 16_384,
      maxBufferedBytes: 4_194_304,
      pingIntervalMs: 25_000,
      ...options.ws,
    },
  };
}
