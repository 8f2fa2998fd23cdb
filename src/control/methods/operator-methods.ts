import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import * as v from 'valibot';
import type { WebSocket } from 'ws';

import { briefly } from '../../common/printable.js';
import { GatewayCardService, type ShownCard } from '../../holder/gateway-card.service.js';
import { GATEWAY_LOCK_SETTINGS } from '../../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../../options/gateway-lock.options.js';
import { GatewayLockService } from '../../lock/gateway-lock.service.js';
import { ClientEvents, type Health, type PresenceEntry } from '../clients/client-events.service.js';
import { describeClient } from '../clients/describe-client.js';
import { GatewayClients } from '../clients/gateway-clients.service.js';
import { GatewayRequestException } from '../wire/request-error.js';
import { ControlMethod } from './control-method.js';
import {
  CONTROL_OPTIONS,
  type ConfigFileState,
  type ControlOptions,
  type RestartOutcome,
} from './control-methods.options.js';

const MAX_REASON_LENGTH = 200;
const MAX_RESTART_MS = 3_600_000;

/** What clients are told. */
const ReasonText = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_REASON_LENGTH));

const ShutdownParams = v.object({
  reason: v.optional(ReasonText),
  /** When the gateway is expected back; left out if it is not. */
  restartExpectedMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_RESTART_MS))),
});

/** OpenClaw's clients also say whether to wait for agents at work. This gateway has none. */
const RestartParams = v.object({ reason: v.optional(ReasonText) });

type RestartRequest = v.InferOutput<typeof RestartParams>;

const HandoverParams = v.object({
  /** How long the new process may take until it could start. */
  timeoutMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_RESTART_MS))),
});

type HandoverRequest = v.InferOutput<typeof HandoverParams>;

type ShutdownRequest = v.InferOutput<typeof ShutdownParams>;

export interface Status extends ShownCard {
  readonly runtimeVersion: string;
  readonly uptimeMs: number;
  readonly clients: number;
}

/** What this gateway runs with, and the state of its configuration file at this moment. */
export interface ConfigView extends Omit<ConfigFileState, 'path'> {
  readonly path: string | null;
  /** Holds no secret. */
  readonly config: object;
}

const ASKED = 'an operator asked for it';
const NO_RESTART: RestartOutcome = { status: 'refused', because: 'its program does not know how' };
/** In OpenClaw agents and their tools may be at work, which a restart waits for. */
const NOTHING_AT_WORK = { safe: true, counts: { totalActive: 0 }, blockers: [], summary: 'safe to restart now' };
const NO_FILE = { path: null, exists: false, valid: true, issues: [] };

/** The methods by which an operator asks about a gateway, and stops it. */
@Injectable()
export class OperatorMethods {
  readonly #logger = new Logger('gateway');

  // Optional to Nest alone: without the lock, ControlMethodsModule says what is missing, before Nest says less.
  constructor(
    @Optional() @Inject(GATEWAY_LOCK_SETTINGS) private readonly settings: GatewayLockSettings,
    @Optional() private readonly lock: GatewayLockService,
    @Optional() private readonly card: GatewayCardService,
    @Optional() private readonly clients: GatewayClients,
    @Optional() private readonly events: ClientEvents,
    @Optional() @Inject(CONTROL_OPTIONS) private readonly options: ControlOptions = {},
  ) {}

  @ControlMethod('health', 'operator.read')
  health(): Health {
    return this.events.health;
  }

  @ControlMethod('status', 'operator.read')
  status(): Status {
    const { card } = this.card;
    return {
      ...card,
      runtimeVersion: card.version,
      uptimeMs: Date.now() - card.startedAt,
      clients: this.clients.size,
    };
  }

  @ControlMethod('system-presence', 'operator.read')
  presence(): readonly PresenceEntry[] {
    return this.events.presence;
  }

  @ControlMethod('config.get', 'operator.read')
  async config(): Promise<ConfigView> {
    const { host, callers } = this.settings;
    const [first] = this.lock.addresses;
    const config = {
      gateway: { port: first?.port, bind: host, auth: { mode: 'token' } },
      gatewayLock: { allowHosts: callers.hosts, allowOrigins: callers.origins },
    };
    return { ...((await this.options.configFile?.()) ?? NO_FILE), config };
  }

  @ControlMethod('gateway.identity', 'operator.read')
  identity(): ShownCard {
    return this.card.card;
  }

  /** Answers when the successor could start, and this gateway is about to stop; until then it goes on whatever fails. */
  @ControlMethod('gateway.handover', 'operator.admin', HandoverParams)
  async handover({ timeoutMs }: HandoverRequest): Promise<{ ok: true }> {
    const { handover } = this.lock.runner;
    if (!handover) {
      throw new GatewayRequestException({ code: 'UNAVAILABLE', message: 'this app is not run by runGateway' });
    }
    try {
      await handover(timeoutMs);
      return { ok: true };
    } catch (error) {
      const { message, exitCode } = error as Error & { readonly exitCode?: number };
      throw new GatewayRequestException({ code: 'UNAVAILABLE', message, details: { exitCode } });
    }
  }

  /** The answer is sent before the asking client is closed with all others. */
  @ControlMethod('gateway.shutdown', 'operator.admin', ShutdownParams)
  shutdown(params: ShutdownRequest, socket: WebSocket): { ok: true } {
    const { reason = ASKED, restartExpectedMs = null } = params;
    this.#note('stop', socket, reason);
    void this.lock.beginShutdown({ reason, restartExpectedMs });
    return { ok: true };
  }

  /** Answered in the shape that OpenClaw's clients read, and then done as `gateway.shutdown`. */
  @ControlMethod('gateway.restart.request', 'operator.admin', RestartParams)
  restart({ reason = ASKED }: RestartRequest, socket: WebSocket): object {
    this.#note('restart', socket, reason);
    const outcome = this.options.restart?.(reason) ?? NO_RESTART;
    if (outcome.status === 'refused') {
      throw new GatewayRequestException({
        code: 'UNAVAILABLE',
        message: `this gateway cannot restart itself: ${outcome.because}`,
        details: { code: 'CANNOT_RESTART' },
      });
    }
    const { status } = outcome;
    return {
      ok: true,
      status,
      preflight: NOTHING_AT_WORK,
      restart: { ok: true, pid: process.pid, reason, delayMs: 0, coalesced: status === 'coalesced' },
    };
  }

  /** Who asked: the reason alone is what any client may claim. */
  #note(what: 'stop' | 'restart', socket: WebSocket, reason: string): void {
    const client = this.clients.of(socket);
    this.#logger.log(`${client ? describeClient(client) : 'a client'} asks for a ${what}: ${briefly(reason)}`);
  }
}
