import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import type { RequestRefusal } from './access-policy.js';

/**
 * On a request that a gateway which stands by does not pass on: it is about that gateway itself, or has been passed on
 * already, and two that point at each other would do so for ever.
 */
export const NOT_TO_RELAY = { 'openclaw-relay': 'no' } as const;

/** Serves clients in the place of a gateway that stands by, after they were judged by the access policy. */
export interface StandIn {
  /** What a request is told, beside its status 503. */
  readonly notice: object;
  /** The same for a person, whose browser asks for a page. */
  readonly sentence: string;

  /**
   * Takes an upgrade over, with the bytes that have come after its head.
   *
   * @param refuse answers the upgrade with a refusal instead, and hangs up
   */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer, refuse: (refusal: RequestRefusal) => void): void;
}
