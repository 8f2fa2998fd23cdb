import { randomUUID } from 'node:crypto';

import { Logger } from '@nestjs/common';

import { until } from '../../test/kit/deadline.js';
import type { FleetService } from '../../src/fleet/fleet.service.js';
import type { FLEET_TIMING_DEFAULTS, FleetSettings } from '../../src/options/fleet.options.js';
import { builtUnbundled } from '../kit/built.js';

/** The lease of a gateway, without the gateway around it: with sessions, clocks and timers as they are. */
export interface LeaseAlone {
  readonly service: FleetService;
  /** Resolves when it is the active one. */
  readonly activated: Promise<void>;
}

/** How a lease is told of its fleet. */
export interface LeaseParts extends Pick<FleetSettings, 'name' | 'url'> {
  /** @default that of a gateway */
  readonly timing?: FleetSettings['timing'];
  /** Called when it must not work any more. */
  readonly onLost?: () => void;
}

/** Longer than thousands that begin at the same time take on a small machine. */
const DEADLINE_MS = 300_000;

interface Defaults {
  readonly FLEET_TIMING_DEFAULTS: typeof FLEET_TIMING_DEFAULTS;
}

/** Resolves when it is the active one, or stands by for another. */
export function hasBegun({ service }: LeaseAlone): Promise<void> {
  return until(DEADLINE_MS, 'a lease', () => service.valid || service.view.active !== null);
}

/** Begins leases in this process, which log nothing. */
export async function leaseMaker(): Promise<(parts: LeaseParts) => LeaseAlone> {
  Logger.overrideLogger(false);
  const built = (await import(builtUnbundled('fleet/fleet.service'))) as { readonly FleetService: typeof FleetService };
  const { FLEET_TIMING_DEFAULTS: own } = (await import(builtUnbundled('options/fleet.options'))) as Defaults;
  return ({ name, url, timing = own, onLost = () => undefined }) => {
    const service = new built.FleetService({
      settings: { name, url, timing, strict: false, takeOver: false },
      wait: 'standby',
      member: { fleet: name, instance: randomUUID(), host: 'bench', version: '0.0.0', advertise: undefined },
      maxConnections: 0,
    });
    const activated = service.activate(new AbortController().signal, { onLost, onYield: () => undefined });
    activated.catch(() => undefined);
    return { service, activated };
  };
}
