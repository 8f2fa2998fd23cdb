import { randomUUID } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';

import { GATEWAY_LOCK_SETTINGS } from '../../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../../options/gateway-lock.options.js';
import { EvictionQueue } from '../../serving/eviction-queue.js';
import type { WsClient } from '../../serving/ws-client.js';
import type { WsFormat } from '../../serving/ws-format.js';
import type { WsSession } from '../../serving/ws-session.js';
import { Authenticator, type TokenJudgement } from '../access/authenticator.service.js';
import { ClientEvents } from '../clients/client-events.service.js';
import { ClientLog } from '../clients/client-log.service.js';
import type { GatewayClient } from '../clients/gateway-client.js';
import { GatewayClients } from '../clients/gateway-clients.service.js';
import { Metrics } from '../metrics/metrics.service.js';
import { AccessControl } from '../access/access-control.service.js';
import type { HandshakeFailure } from './handshake.js';
import type { ConnectParams } from '../wire/connect-params.js';
import type { RequestOutcome } from '../wire/frames.js';
import { OpenclawSession, type SessionHost } from './openclaw-session.js';

const EVENTS = ['connect.challenge', 'tick', 'presence', 'health', 'shutdown'];

/** The protocol of the control port, as a format of the adapter. */
@Injectable()
export class OpenclawFormat implements WsFormat, SessionHost {
  readonly onAnyPath = true;
  readonly maxRequests: number;
  readonly handshakeTimeoutMs: number;
  readonly #handshaking: EvictionQueue<OpenclawSession>;
  /** New at every start, so that a client can tell a gateway that was restarted from one that it lost for a moment. */
  readonly #bootId = randomUUID();

  constructor(
    @Inject(GATEWAY_LOCK_SETTINGS) private readonly settings: GatewayLockSettings,
    private readonly authenticator: Authenticator,
    private readonly clients: GatewayClients,
    private readonly events: ClientEvents,
    private readonly metrics: Metrics,
    private readonly access: AccessControl,
    private readonly log: ClientLog,
  ) {
    const { clients: limits } = settings;
    this.maxRequests = limits.maxRequests;
    this.handshakeTimeoutMs = limits.handshakeTimeoutMs;
    this.#handshaking = new EvictionQueue<OpenclawSession>(limits.maxHandshakes, (session) => session.evict());
  }

  open(client: WsClient): WsSession {
    const session = new OpenclawSession(client, this);
    this.#handshaking.add(session);
    return session;
  }

  judge({ connection }: WsClient, token: string): Promise<TokenJudgement> {
    return this.authenticator.judge(connection, token);
  }

  onAdmitted(session: OpenclawSession, client: GatewayClient): void {
    this.#handshaking.delete(session);
    this.clients.add(client);
    this.log.came(client);
    this.events.presenceChanged();
  }

  onEnded(session: OpenclawSession, client: GatewayClient | undefined, code: number, reason: string): void {
    this.#handshaking.delete(session);
    if (!client) return;
    this.clients.remove(client);
    this.log.left(client, code, reason);
    this.events.presenceChanged();
  }

  hello({ id, scopes }: GatewayClient, protocol: number, methods: readonly string[]): unknown {
    const { ws, clients, identity } = this.settings;
    return {
      type: 'hello-ok',
      protocol,
      server: {
        version: identity.version,
        buildId: identity.version,
        bootId: this.#bootId,
        connId: id,
        // OpenClaw's page compares its own build with that of a gateway that brought it, and then demands to be reloaded
        // for ever. This gateway brings no page.
        controlUiBuildSource: 'configured',
      },
      features: { methods, events: EVENTS },
      snapshot: {
        presence: this.events.presence,
        health: this.events.health,
        stateVersion: this.events.stateVersion,
        uptimeMs: Math.round(process.uptime() * 1_000),
      },
      auth: { role: 'operator', scopes },
      policy: {
        maxPayload: ws.maxPayloadBytes,
        maxBufferedBytes: ws.maxBufferedBytes,
        tickIntervalMs: clients.tickIntervalMs,
      },
    };
  }

  onAnswered(method: string | undefined, outcome: RequestOutcome, startedAt: number, refusal?: string): void {
    this.metrics.answered(method, outcome, startedAt);
    this.log.answered(method, outcome, startedAt, refusal);
  }

  onFailure(client: WsClient, why: HandshakeFailure, about?: ConnectParams['client']): void {
    this.access.onHandshakeFailed(client, why, about);
  }

  onException(method: string, exception: unknown): void {
    this.access.onHandlerFailed(method, exception);
  }
}
