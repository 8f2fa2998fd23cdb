import type { WsClient } from './ws-client.js';
import type { WsSession } from './ws-session.js';

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
