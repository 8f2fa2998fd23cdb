import type { WsClient } from './ws-client.js';

/** What clients are told when the gateway stops. */
export interface ShutdownNotice {
  /** For people: a signal's name, or why. */
  readonly reason: string;
  /** When the gateway is expected back, in milliseconds; `null` if it is not. */
  readonly restartExpectedMs: number | null;
}

/** How clients and gateway classes understand each other: what a message looks like, and who is let in. */
export interface WsFormat {
  /** Whether a path that no gateway class serves is as good as `/`. */
  readonly onAnyPath?: boolean;
  /**
   * A client has been upgraded. It reaches the gateway classes from `client.enter()` on, which the format calls at once
   * or after a handshake of its own.
   */
  open(client: WsClient): WsSession;
}

/** One client's conversation. */
export interface WsSession {
  receive(data: Buffer, isBinary: boolean): void;
  /** Tells the client that the gateway stops. */
  farewell(notice: ShutdownNotice): void;
  /** The connection is gone. */
  ended(): void;
}
