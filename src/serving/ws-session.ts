/**
 * What clients are told when the gateway stops.
 *
 * @example
 * ```ts
 * await lock.beginShutdown({ reason: 'update', restartExpectedMs: 5_000 });
 * ```
 */
export interface ShutdownNotice {
  /** A text for people: the name of a signal, or a reason. */
  readonly reason: string;
  /** When the gateway is expected back, in milliseconds from now; `null` if it is not. Decides the close code. */
  readonly restartExpectedMs: number | null;
}

/** The conversation with one client. */
export interface WsSession {
  /** Whether the client is sent an event at regular times, so that a ping is not needed to keep its connection in use. */
  readonly getsTicks: boolean;
  receive(data: Buffer, isBinary: boolean): void;
  /** Tells the client that the gateway stops. */
  farewell(notice: ShutdownNotice): void;
  /**
   * The connection is gone.
   *
   * @param code of the close frame: 1005 without a code, 1006 without a close frame (RFC 6455, 7.4.1)
   */
  ended(code: number, reason: string): void;
}
