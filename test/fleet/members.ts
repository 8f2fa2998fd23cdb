import pg from 'pg';

import { FleetLease, type FleetOptions, type GatewayLockOptions } from '../../src/index.js';
import { createApp, type AppParts, type TestApp } from '../kit/app.js';
import { onCleanUp } from '../kit/cleaner.js';
import { until, within } from '../kit/deadline.js';
import type { Postgres } from '../kit/postgres.js';

export const WAIT_MS = 30_000;
/** Long enough for a busy machine to send a heartbeat in time. */
const TIMING = { heartbeatMs: 1_000, leaseMs: 10_000, sessionMs: 12_000 };
/** For what takes as long as a session. */
export const SHORT = { heartbeatMs: 500, leaseMs: 3_000, sessionMs: 5_000 };

export interface Member extends TestApp {
  readonly lease: FleetLease;
  readonly init: Promise<unknown>;
}

/** How a gateway of the fleet `office` is made. */
export type MemberParts = [url: string, fleet?: Partial<FleetOptions>, lock?: GatewayLockOptions, parts?: AppParts];

export interface Members {
  /** A gateway that has begun to start. */
  member(...args: MemberParts): Promise<Member>;
  active(...args: MemberParts): Promise<Member>;
  /** One that waits in the queue of the server. */
  standby(...args: MemberParts): Promise<Member>;
  /** How many wait there, in all databases. */
  waiters(): Promise<number>;
  /** A connection of the test's own. */
  client(url: string): Promise<pg.Client>;
}

/** Gateways of fleets, in the process of the test. */
export function membersOf(postgres: () => Postgres): Members {
  async function member(...[url, fleet = {}, lock = {}, parts = {}]: MemberParts): Promise<Member> {
    const created = await createApp({
      ...parts,
      lock: { acquire: { wait: 'standby' }, fleet: { name: 'office', url, timing: TIMING, ...fleet }, ...lock },
    });
    const init = created.app.init();
    init.catch(() => undefined);
    return { ...created, init, lease: created.app.get(FleetLease) };
  }

  async function active(...args: MemberParts): Promise<Member> {
    const one = await member(...args);
    await within(WAIT_MS, 'the active gateway', one.init);
    return one;
  }

  async function standby(...args: MemberParts): Promise<Member> {
    const one = await member(...args);
    await until(WAIT_MS, 'the standby', async () => one.lock.phase === 'standby' && (await waiters()) > 0);
    return one;
  }

  async function waiters(): Promise<number> {
    const rows = await postgres().query(`select pid from pg_locks where locktype = 'advisory' and not granted`);
    return rows.length;
  }

  async function client(url: string): Promise<pg.Client> {
    const one = new pg.Client({ connectionString: url });
    await one.connect();
    onCleanUp(() => one.end());
    return one;
  }

  return { member, active, standby, waiters, client };
}
