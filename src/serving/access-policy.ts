import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import type { WsClient } from './ws-client.js';

/** Why a request is not let in. */
export interface RequestRefusal {
  /** The HTTP status. */
  readonly status: number;
  /** For the log and the metrics, not for the client; one of a few texts. */
  readonly reason: string;
}

/** Decides which requests are let in, and is told which connections were refused or cut off. */
export interface AccessPolicy {
  /**
   * Judges a request or an upgrade before anything is done about it.
   *
   * @param response may be given headers; an upgrade has none
   * @returns `undefined` for a request that is let in
   */
  judge(request: IncomingMessage, response?: ServerResponse): RequestRefusal | undefined;
  /** A request or an upgrade was not let in, here or by the server. */
  onRefused(refusal: RequestRefusal, socket: Socket): void;
  /** A connection was closed because too many were idle. */
  onEvicted(socket: Socket): void;
  /** A client was cut off because it did not read, or gave no sign of life. */
  onDropped(client: WsClient, why: 'slow' | 'dead'): void;
}
