import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';

import { printable } from '../../common/printable.js';
import { GATEWAY_LOCK_SETTINGS } from '../../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../../options/gateway-lock.options.js';
import type { StateVersion } from '../wire/frames.js';
import type { GatewayClient } from './gateway-client.js';
import { GatewayClients } from './gateway-clients.service.js';

/** A client, as other clients see it. */
export interface PresenceEntry {
  readonly id: string;
  readonly clientId: string;
  readonly version: string;
  readonly platform: string;
  readonly mode: string;
  readonly ip: string;
  /** The name that it shows to people, or else its `clientId`. */
  readonly host: string;
  /** Missing where it does not say. */
  readonly deviceFamily?: string;
  /** What it calls itself across its connections, or else `id`. */
  readonly instanceId: string;
  /** Why the entry is there. */
  readonly reason: 'connect';
  /** All of it on one line, for people. */
  readonly text: string;
  /** When it came, in milliseconds since the epoch. */
  readonly ts: number;
}

export interface Health {
  readonly ok: true;
  /** Milliseconds since the epoch. */
  readonly ts: number;
  /** How long the check took, in milliseconds. All of it is at hand here, and OpenClaw's `health` prints `OK (0ms)`. */
  readonly durationMs: 0;
  readonly clients: number;
}

/** The list goes to every client each time it changes, so it is bounded: the latest clients are in it. */
const MAX_ENTRIES = 100;
/** Ten thousand clients are told every ten seconds at most. */
const PRESENCE_PAUSE_MS = { least: 100, perClient: 1 };
const HEALTH_EVERY_TICKS = 2;

/** Sends all clients the events `tick`, `presence` and `health`, so that they need not ask. */
@Injectable()
export class ClientEvents implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #tickIntervalMs: number;
  /** Whether there can be clients of this protocol: false once the gateway stops. */
  #isSpoken: boolean;
  #ticks = 0;
  #ticking: NodeJS.Timeout | undefined;
  #presenceTimer: NodeJS.Timeout | undefined;
  #versions = { presence: 1, health: 1 };

  constructor(
    @Inject(GATEWAY_LOCK_SETTINGS) { clients: { tickIntervalMs }, protocol }: GatewayLockSettings,
    private readonly clients: GatewayClients,
  ) {
    this.#tickIntervalMs = tickIntervalMs;
    this.#isSpoken = protocol === 'openclaw';
  }

  onApplicationBootstrap(): void {
    if (!this.#isSpoken) return;
    this.#ticking = setInterval(() => this.#tick(), this.#tickIntervalMs);
  }

  onModuleDestroy(): void {
    clearInterval(this.#ticking);
    clearTimeout(this.#presenceTimer);
    this.#isSpoken = false;
  }

  get stateVersion(): StateVersion {
    return this.#versions;
  }

  get presence(): readonly PresenceEntry[] {
    return [...this.clients].slice(-MAX_ENTRIES).map(presenceOf);
  }

  get health(): Health {
    return { ok: true, ts: Date.now(), durationMs: 0, clients: this.clients.size };
  }

  #tick(): void {
    this.clients.send('tick', { ts: Date.now() });
    if (++this.#ticks % HEALTH_EVERY_TICKS !== 0) return;
    this.#versions = { ...this.#versions, health: this.#versions.health + 1 };
    this.clients.send('health', this.health, { stateVersion: this.#versions });
  }

  /** Notes that a client has come or gone. One event reports all changes within the pause. */
  presenceChanged(): void {
    if (!this.#isSpoken) return;
    this.#versions = { ...this.#versions, presence: this.#versions.presence + 1 };
    this.#presenceTimer ??= setTimeout(
      () => {
        this.#presenceTimer = undefined;
        this.clients.send('presence', { presence: this.presence }, { stateVersion: this.#versions });
      },
      Math.max(PRESENCE_PAUSE_MS.least, PRESENCE_PAUSE_MS.perClient * this.clients.size),
    );
  }
}

function presenceOf({ id, about, remoteAddress, connectedAt }: GatewayClient): PresenceEntry {
  const { displayName, deviceFamily, instanceId, version, platform, mode } = about;
  const host = displayName ?? about.id;
  return {
    id,
    clientId: about.id,
    version,
    platform,
    mode,
    ip: remoteAddress,
    host,
    ...(deviceFamily !== undefined && { deviceFamily }),
    instanceId: instanceId ?? id,
    reason: 'connect',
    // Other clients print it as it is.
    text: printable(`${host} (${remoteAddress}) · ${about.id} ${version} · mode ${mode}`),
    ts: connectedAt,
  };
}
