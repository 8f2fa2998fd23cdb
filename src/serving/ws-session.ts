/** What clients are told when the gateway stops. */
export interface ShutdownNotice {
  /** For people: a signal's name, or why. */
  readonly reason: string;
  /** When the gateway is expected back, in milliseconds; `null` if it is not. */
  readonly restartExpectedMs: number | null;
}

/** One client's conversation. */
export interface WsSession {
  receive(data: Buffer, isBinary: boolean): void;
  /** Tells the client that the gateway stops. */
  farewell(notice: ShutdownNotice): void;
  /** The connection is gone. */
  ended(): void;
}
