import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import { InputError } from '../common/input.error.js';
import type { FleetOnCard, GatewayCard } from '../listener/holder.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import type { RequestHandler } from '../serving/gateway-http.server.js';
import type { GatewayState } from '../serving/gateway-state.js';
import { PROBE_HEADERS } from '../serving/probe-headers.js';
import { GATEWAY_SERVICE, parseCard } from './card.js';
import { isNonce, NONCE_HEADER, proofOf, PROOF_HEADER, socketAddress, tcpAddress } from './proof.js';

/** A card as this version shows it. Older gateways show no addresses, so a reader of cards does without. */
export interface ShownCard extends GatewayCard {
  /** Every address that it listens on, as `ws://host:port`, IPv6 in brackets. */
  readonly addresses: readonly string[];
}

/** The card of this gateway, which is served in every phase. */
export class GatewayCardService {
  readonly #instanceId = randomUUID();
  // The start of the process and not of this object: an operator compares it with what the system shows.
  readonly #startedAt = Math.round(Date.now() - process.uptime() * 1_000);
  readonly #name: string | undefined;
  readonly #profile: string;
  // Read once: an upgrade may replace the files on disk while this version runs.
  readonly #version: string;
  #proof: { readonly secret: string; readonly socketPath: string } | undefined;

  /** @throws {InputError} the identity does not fit on a card */
  constructor(
    identity: GatewayLockSettings['identity'],
    private readonly state: GatewayState,
    private readonly fleet?: { readonly view: FleetOnCard },
  ) {
    const { name, profile, version } = identity;
    this.#name = name;
    this.#profile = profile;
    this.#version = version;
    if (!parseCard(JSON.stringify(this.#cardAt('ws://127.0.0.1:1')))) {
      throw new InputError(
        `identity ${JSON.stringify(identity)} does not fit on a holder card: give a profile of 1 to 128 printable characters, and a name and a version of 1 to 64`,
      );
    }
  }

  get card(): ShownCard {
    return {
      ...this.#cardAt(this.state.url),
      addresses: this.state.addresses.map(({ url }) => url),
      ...(this.fleet && { fleet: this.fleet.view }),
    };
  }

  /**
   * Proves from now on, to every process that asks with a nonce, that this gateway can read the secret of its state
   * folder.
   *
   * @param socketPath the local socket over which the gateway is asked too
   */
  proveWith(secret: string | undefined, socketPath: string): void {
    this.#proof = secret === undefined ? undefined : { secret, socketPath };
  }

  readonly answer: RequestHandler = (request, response) => {
    // A gateway that stops hangs up after each answer. But while this connection is open, the client can find out whose
    // process is at its end; it then closes it itself.
    response.removeHeader('Connection');
    response
      .writeHead(200, { ...PROBE_HEADERS, 'Content-Type': 'application/json', ...this.#proofFor(request) })
      .end(JSON.stringify(this.card));
  };

  #proofFor({ headers, socket: { localAddress, localPort } }: IncomingMessage): Readonly<Record<string, string>> {
    const nonce = headers[NONCE_HEADER];
    if (!this.#proof || !isNonce(nonce)) return {};
    const { secret, socketPath } = this.#proof;
    // A connection over a local socket has no port.
    const address = localPort === undefined ? socketAddress(socketPath) : tcpAddress(localAddress, localPort);
    return { [PROOF_HEADER]: proofOf(secret, nonce, address) };
  }

  #cardAt(url: string): GatewayCard {
    const { phase } = this.state;
    return {
      service: GATEWAY_SERVICE,
      pid: process.pid,
      ...(this.#name !== undefined && { name: this.#name }),
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
