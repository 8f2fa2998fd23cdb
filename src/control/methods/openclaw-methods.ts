import { Inject, Injectable, Optional, type OnApplicationShutdown } from '@nestjs/common';
import * as v from 'valibot';

import { GatewayCardService } from '../../holder/gateway-card.service.js';
import { GatewayLockService } from '../../lock/gateway-lock.service.js';
import { GATEWAY_LOCK_SETTINGS } from '../../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../../options/gateway-lock.options.js';
import { EventLoopLoad } from '../metrics/event-loop-load.js';
import { GatewayRequestException } from '../wire/request-error.js';
import { CONFIG_SCHEMA, lookUpSchema, type ConfigSchemaEntry } from './config-schema.js';
import { ControlMethod } from './control-method.js';
import { CONTROL_OPTIONS, type ControlOptions, type LogTail } from './control-methods.options.js';
import { systemInfo, type SystemInfo } from './system-info.js';

const MAX_LOG_LINES = 5_000;
const MAX_LOG_BYTES = 1_000_000;

const LogTailParams = v.object({
  cursor: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_LOG_LINES))),
  maxBytes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_LOG_BYTES))),
});

type LogQuery = v.InferOutput<typeof LogTailParams>;

const LookupParams = v.object({ path: v.pipe(v.string(), v.minLength(1), v.maxLength(256)) });

/** Answers that never change here, since there are no agents: each with the client of OpenClaw that asks for it. */
const FIXED = {
  /** `system heartbeat last`; and the page, which measures the way to the gateway by this request. */
  lastHeartbeat: null,
  /** The page, under About and Updates. */
  updates: { sentinel: null, updateAvailable: null },
  /** `gateway stability`. */
  stability: { capacity: 0, count: 0, dropped: 0, events: [], summary: { byType: {} } },
  /** `gateway call diagnostics.lanes`. */
  lanes: { lanes: [], dynamic: null },
  /** The terminal interface, which waits for ever where it gets no answer. */
  sessions: { path: '', count: 0, sessions: [] },
};

/** The methods that the clients of OpenClaw (2026.9.6) call of every gateway, in the shapes that they read. */
@Injectable()
export class OpenclawMethods implements OnApplicationShutdown {
  readonly #load = new EventLoopLoad();

  // Optional to Nest alone: see OperatorMethods.
  constructor(
    @Optional() @Inject(GATEWAY_LOCK_SETTINGS) private readonly settings: GatewayLockSettings,
    @Optional() private readonly lock: GatewayLockService,
    @Optional() private readonly card: GatewayCardService,
    @Optional() @Inject(CONTROL_OPTIONS) private readonly options: ControlOptions = {},
  ) {}

  onApplicationShutdown(): void {
    this.#load.stop();
  }

  @ControlMethod('last-heartbeat', 'operator.read')
  lastHeartbeat(): null {
    return FIXED.lastHeartbeat;
  }

  @ControlMethod('system.info', 'operator.read')
  systemInfo(): SystemInfo {
    const [first] = this.lock.addresses;
    return systemInfo(first?.port, this.card.card.instanceId, this.settings.stateFolder, this.#load.read());
  }

  /** There is no key pair behind it: `deviceId` is new at every start. */
  @ControlMethod('gateway.identity.get', 'operator.read')
  identity(): object {
    const { card } = this.card;
    return { deviceId: card.instanceId, publicKey: null, ...card };
  }

  @ControlMethod('update.status', 'operator.admin')
  updateStatus(): object {
    return FIXED.updates;
  }

  @ControlMethod('config.schema', 'operator.read')
  schema(): object {
    const { version } = this.settings.identity;
    return { schema: CONFIG_SCHEMA, uiHints: {}, version, generatedAt: new Date().toISOString() };
  }

  @ControlMethod('config.schema.lookup', 'operator.read', LookupParams)
  schemaOf({ path }: { path: string }): ConfigSchemaEntry {
    const entry = lookUpSchema(path);
    if (entry) return entry;
    throw new GatewayRequestException({ code: 'INVALID_REQUEST', message: 'config schema path not found' });
  }

  @ControlMethod('diagnostics.stability', 'operator.read')
  stability(): object {
    return { generatedAt: new Date().toISOString(), ...FIXED.stability };
  }

  @ControlMethod('diagnostics.lanes', 'operator.read')
  lanes(): object {
    return { ts: Date.now(), ...FIXED.lanes };
  }

  @ControlMethod('sessions.subscribe', 'operator.read')
  subscribe(): object {
    return { subscribed: true, list: { ts: Date.now(), ...FIXED.sessions } };
  }

  @ControlMethod('logs.tail', 'operator.read', LogTailParams)
  logTail(query: LogQuery): LogTail {
    const { logTail } = this.options;
    if (logTail) return logTail(query);
    throw new GatewayRequestException({ code: 'UNAVAILABLE', message: 'this gateway does not keep its log' });
  }
}
