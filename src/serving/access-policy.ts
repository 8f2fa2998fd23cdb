import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import type { WsClient } from './ws-client.js';

/** Why a request is refused. */
export interface RequestRefusal {
  /** The HTTP status. */
  readonly status: number;
  /** One of a few fixed texts, which names the rule: the label of the metric, and the kind of the log line. */
  readonly reason: string;
  /** The text that the client sent and that the rule is about, for the log. */
  readonly value?: string;
  /** The flag that would allow the value, for the log. */
  readonly allowedBy?: string;
}

/** Why a connection was closed that had done nothing wrong: to make room for others. */
export type EvictionCause = 'too many idle' | 'no descriptor';

/** Decides which requests are admitted, and is told which connections were refused or cut off. */
export interface AccessPolicy {
  /**
   * Judges a request or an upgrade before anything else is done with it.
   *
   * @param response is given the headers of an admitted request; an upgrade has none
   * @returns `undefined` for a request that is admitted
   */
  judge(request: IncomingMessage, response?: ServerResponse): RequestRefusal | undefined;
  /** Called for each request or upgrade that is refused, by this policy or by the server. */
  onRefused(refusal: RequestRefusal, socket: Socket): void;
  /** Called for each connection that is closed to make room for others. */
  onEvicted(socket: Socket, cause: EvictionCause): void;
  /** Called for each client that is cut off because it did not read, or gave no sign of life. */
  onDropped(client: WsClient, why: 'slow' | 'dead'): void;
}
