import type { WsClient } from './ws-client.js';
import type { WsSession } from './ws-session.js';

/** How clients and gateway classes understand each other: what a message looks like, and who is let in. */
export interface WsFormat {
  /** Whether a path that no gateway class serves is treated like `/`. */
  readonly onAnyPath?: boolean;
  /**
   * Begins the conversation with a client that has been upgraded. The format calls `client.enterOrClose()` at once, or
   * after a handshake of its own; from then on the client reaches the gateway classes.
   */
  open(client: WsClient): WsSession;
}
