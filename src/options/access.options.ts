/** The tokens of `protocol: 'openclaw'`, which needs one of them. */
export interface AuthOptions {
  /**
   * A token that allows everything: 8 to 512 printable characters.
   * @default none
   */
  token?: string;
  /**
   * Further tokens, each with what it allows.
   * @default []
   */
  tokens?: readonly { readonly token: string; readonly scopes: readonly ClientScope[] }[];
  /**
   * A file with a token, used where no token is given. Made, for this user alone, if it is missing.
   * @default none
   */
  tokenFile?: string;
}

/** What a token allows: to ask, to change, to run the gateway itself. */
export type ClientScope = 'operator.read' | 'operator.write' | 'operator.admin';

/** Callers that are let in beside those that name loopback in `Host`, or come from a page of this machine. */
export interface CallersOptions {
  /**
   * Hosts exactly as in a `Host` header (RFC 9110, 7.2): `gateway.example:8443`. Without a port, the gateway's own port
   * is meant, and none, 80 and 443, as behind a proxy.
   * @default []
   */
  hosts?: readonly string[];
  /**
   * Origins exactly as in an `Origin` header (RFC 6454, 7): `https://app.example`.
   * @default []
   */
  origins?: readonly string[];
  /**
   * IP addresses and ranges (`10.0.0.0/8`) of proxies, which have to set `X-Forwarded-For`, `X-Forwarded-Proto` and
   * `X-Forwarded-Host` themselves. From these the headers are taken, and from no others.
   * @default []
   */
  trustedProxies?: readonly string[];
}

/** Limits on the clients of `protocol: 'openclaw'`. */
export interface ClientLimits {
  /**
   * How many clients may be open before their handshake is done. Beyond it, the one that waits for longest is closed, if
   * that is for more than a second, or there are 16 times as many.
   * @default 128
   */
  maxHandshakes?: number;
  /**
   * How long a client may take to begin its handshake, in milliseconds.
   * @default 10000
   */
  handshakeTimeoutMs?: number;
  /**
   * How many requests of one client may run at a time. A further one is refused as retryable.
   * @default 256
   */
  maxRequests?: number;
  /**
   * The time between two `tick` events, in milliseconds.
   * @default 30000
   */
  tickIntervalMs?: number;
  /**
   * Whether each request is a line in the log: its method, how it ended, and how long it took.
   * @default false
   */
  logRequests?: boolean;
}

export type CallersSettings = Required<CallersOptions>;

export type ClientSettings = Required<ClientLimits>;

export const CALLERS_DEFAULTS: CallersSettings = { hosts: [], origins: [], trustedProxies: [] };

export const CLIENT_DEFAULTS: ClientSettings = {
  maxHandshakes: 128,
  handshakeTimeoutMs: 10_000,
  maxRequests: 256,
  tickIntervalMs: 30_000,
  logRequests: false,
};
