/** What arrives in one WebSocket message: text as a string, binary as it came. */
export type WsMessage = string | Buffer;

/** Turns a message into the event it names; returns nothing for a message that is to be ignored. */
export type WsMessageParser = (message: WsMessage) => { event: string; data: unknown } | undefined;

/** Limits on HTTP connections. */
export interface GatewayHttpOptions {
  /**
   * How long a connection may take to send the headers of a request, in milliseconds. Checked once a second.
   * @default 8000
   */
  headersTimeoutMs?: number;
  /**
   * How long a connection may take to send a whole request, in milliseconds. Checked once a second.
   * @default 8000
   */
  requestTimeoutMs?: number;
  /**
   * How long an idle connection is kept between two requests, in milliseconds.
   * @default 5000
   */
  keepAliveTimeoutMs?: number;
  /**
   * How long a connection may read nothing of an answer that waits for it, in milliseconds.
   * @default 8000
   */
  stalledTimeoutMs?: number;
  /**
   * How many connections may be open on which no request is being answered, WebSockets not counted. Beyond it, the one
   * that has been idle for longest is closed, if that is for more than a second, or there are 16 times as many.
   * @default 256
   */
  maxIdleConnections?: number;
}

/** Limits on WebSockets, and the format of their messages. */
export interface GatewayWsOptions {
  /**
   * The longest message that is accepted, in bytes. A longer one closes its connection with 1009 (RFC 6455, 7.4.1).
   * @default 1048576
   */
  maxPayloadBytes?: number;
  /**
   * How many clients may be let in. A further upgrade gets 503. Fewer, where this process may have few files open.
   * @default 16384
   */
  maxConnections?: number;
  /**
   * How much may wait for a client to read it, in bytes. A client that reads more slowly is closed with 1013, and has two
   * seconds to read what waits for it before that.
   * @default 4194304
   */
  maxBufferedBytes?: number;
  /**
   * How long a client may be silent before it is pinged, in milliseconds. A client that sends nothing for two such periods
   * is cut off. With `protocol: 'nest'`, where nothing else is sent at regular times, each client is pinged in each period.
   * @default 25000
   */
  pingIntervalMs?: number;
  /**
   * Reads what clients send, with `protocol: 'nest'`.
   * @default reads `{"event": string, "data": any}`
   */
  messageParser?: WsMessageParser;
}

export type HttpSettings = Required<GatewayHttpOptions>;

export type WsSettings = Required<Omit<GatewayWsOptions, 'messageParser'>> & Pick<GatewayWsOptions, 'messageParser'>;

export const HTTP_DEFAULTS: HttpSettings = {
  headersTimeoutMs: 8_000,
  requestTimeoutMs: 8_000,
  keepAliveTimeoutMs: 5_000,
  stalledTimeoutMs: 8_000,
  maxIdleConnections: 256,
};

export const WS_DEFAULTS: WsSettings = {
  maxPayloadBytes: 1_048_576,
  maxConnections: 16_384,
  maxBufferedBytes: 4_194_304,
  pingIntervalMs: 25_000,
};
