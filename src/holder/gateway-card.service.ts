import { randomUUID } from 'node:crypto';

import type { GatewayCard } from '../listener/holder.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import type { RequestHandler } from '../serving/gateway-http.server.js';
import type { GatewayState } from '../serving/gateway-state.js';
import { PROBE_HEADERS } from '../serving/probe-headers.js';
import { GATEWAY_SERVICE, parseCard } from './card.js';

/** The card of this gateway, which is served in every phase. */
export class GatewayCardService {
  readonly #instanceId = randomUUID();
  // The start of the process and not of this object: an operator compares it with what the system shows.
  readonly #startedAt = Math.round(Date.now() - process.uptime() * 1_000);
  readonly #profile: string;
  // Read once: an upgrade may replace the files on disk while this version runs.
  readonly #version: string;

  /** @throws {RangeError} the identity does not fit on a card */
  constructor(
    identity: GatewayLockSettings['identity'],
    private readonly state: GatewayState,
  ) {
    const { profile, version } = identity;
    this.#profile = profile;
    this.#version = version;
    if (!parseCard(JSON.stringify(this.#cardAt('ws://127.0.0.1:1')))) {
      throw new RangeError(
        `identity ${JSON.stringify(identity)} does not fit on a holder card: give a profile of 1 to 128 printable characters, and a version of 1 to 64`,
      );
    }
  }

  get card(): GatewayCard {
    return this.#cardAt(this.state.url);
  }

  readonly answer: RequestHandler = (_request, response) => {
    response.writeHead(200, { ...PROBE_HEADERS, 'Content-Type': 'application/json' }).end(JSON.stringify(this.card));
  };

  #cardAt(url: string): GatewayCard {
    const { phase } = this.state;
    return {
      service: GATEWAY_SERVICE,
      pid: process.pid,
      profile: this.#profile,
      version: this.#version,
      // A released listener can still answer a client that was connected before.
      phase: phase === 'released' ? 'draining' : phase,
      startedAt: this.#startedAt,
      url,
      instanceId: this.#instanceId,
    };
  }
}
