import { setTimeout as delay } from 'node:timers/promises';

import { printable } from '../common/printable.js';
import { FleetError } from '../fleet/fleet.error.js';
import type { FleetSession, FoundHolder } from '../fleet/fleet-session.js';
import { FLEET_TIMING_DEFAULTS, type FleetOptions } from '../options/fleet.options.js';
import { inSession, type FleetReport } from './fleet-reports.js';

/** How often the database is asked whether another gateway is active. */
const LOOK_EVERY_MS = 200;

/**
 * Has the active gateway of a fleet let another one be it.
 *
 * @param to the host that is to be next
 * @default any that stands by
 */
export function yieldFleet(options: FleetOptions, to: string | undefined, timeoutMs: number): Promise<FleetReport> {
  return inSession(options, async (session, database) => {
    const { name } = options;
    const { leaseMs } = { ...FLEET_TIMING_DEFAULTS, ...options.timing };
    const before = await heldIn(session, name, leaseMs);
    if (to !== undefined && to === before.host) {
      return {
        lines: [`fleet ${name}: host ${printable(to)} is active already`],
        report: { database: database.shown, host: to, token: before.token.toString() },
      };
    }
    const waiting = await session.standbys();
    if (waiting.length === 0 || (to !== undefined && !waiting.includes(to))) {
      const there = waiting.length === 0 ? '' : `; those that stand by: ${waiting.map(printable).join(', ')}`;
      throw new FleetError(
        'GATEWAY_FLEET_UNREACHABLE',
        `fleet ${name}: no gateway ${to === undefined ? '' : `on host ${printable(to)} `}stands by${there}`,
      );
    }
    await session.askToYield(to ?? '');
    const after = await successor(session, before, timeoutMs);
    if (!after) {
      throw new FleetError(
        'GATEWAY_FLEET_UNREACHABLE',
        `fleet ${name}: host ${printable(before.host)} was asked, and no other gateway is active after ${timeoutMs} ms`,
      );
    }
    return {
      lines: [`fleet ${name}: host ${printable(after.host)} is active now, token ${after.token}`],
      report: { database: database.shown, host: after.host, token: after.token },
    };
  });
}

async function heldIn(session: FleetSession, name: string, leaseMs: number): Promise<FoundHolder> {
  const holder = (await session.hasTables()) ? await session.readHolder(leaseMs) : undefined;
  if (holder?.isHeld && !holder.isStranger) return holder;
  throw new FleetError('GATEWAY_FLEET_UNREACHABLE', `fleet ${name}: no gateway is active`);
}

/** The next gateway that is active, and not only about to be. */
async function successor(
  session: FleetSession,
  { token }: FoundHolder,
  timeoutMs: number,
): Promise<{ readonly host: string; readonly token: string } | undefined> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    const { history } = await session.readFleet();
    const [last] = history;
    if (last && BigInt(last.token) > token) return last;
    await delay(LOOK_EVERY_MS);
  }
  return undefined;
}
