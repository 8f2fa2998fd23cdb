/** What a gateway has counted since its start, and gauges of this moment: what `gateway.metrics` answers. */
export interface MetricsNumbers {
  /** Milliseconds since the epoch. */
  readonly ts: number;
  /** Answered requests. */
  readonly requests: number;
  /** Requests and upgrades that were not let in, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Clients that were not let in, by reason; a wrong token is one. */
  readonly handshakeFailures: Readonly<Record<string, number>>;
  /** Clients that were cut off, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** How late timers were, since a client first asked: their number, and the sum of their delays. */
  readonly eventLoopDelay: { readonly count: number; readonly seconds: number };
  readonly memory: { readonly rssBytes: number; readonly heapUsedBytes: number };
}
