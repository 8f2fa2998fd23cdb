import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import type { RequestRefusal } from './access-policy.js';

/**
 * Marks a request that a gateway in standby does not pass on. It is about that gateway itself, or has been passed on
 * already: two gateways that point at each other would pass it on for ever.
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
