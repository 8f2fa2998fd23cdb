import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import { PACKAGE_VERSION } from '../common/package-version.js';
import { printable } from '../common/printable.js';
import { parseDatabaseUrl, type Database } from '../fleet/database-url.js';
import { describeFleetHolder } from '../fleet/describe-fleet.js';
import { FleetSession } from '../fleet/fleet-session.js';
import { uptime } from '../holder/describe-holder.js';
import { FLEET_TIMING_DEFAULTS, type FleetOptions } from '../options/fleet.options.js';
import { describeError, ExitCode, exitCodeOf } from '../process/exit-code.js';

/** What a command of the fleet prints, as text and as JSON. */
export interface FleetReport {
  readonly lines: string[];
  /** Why the database is of no use; null where it is. */
  readonly problem: string | null;
  readonly exitCode: number;
  readonly report: object;
}

/** Whether a gateway of this fleet could use the database. It takes no lock of a fleet, and makes missing tables. */
export function checkDatabase(options: FleetOptions): Promise<FleetReport> {
  return inSession(options, async (session, database, signal) => {
    await session.prepare(database, signal);
    const begun = performance.now();
    await session.hasTables();
    const roundTripMs = Math.round(performance.now() - begun);
    const { leaseMs, sessionMs } = { ...FLEET_TIMING_DEFAULTS, ...options.timing };
    return {
      lines: [
        `the database can keep fleet ${options.name}: ${database.shown}`,
        `  PostgreSQL ${session.serverVersion}, the primary, without a pooler, with all tables; ${roundTripMs} ms there and back`,
        `  cut off, the active gateway stops after ${leaseMs} ms, and another one takes over after ${sessionMs} ms`,
      ],
      report: { database: database.shown, serverVersion: session.serverVersion, roundTripMs, leaseMs, sessionMs },
    };
  });
}

/** Whether a gateway of this fleet could use the database, for an operator who wants nothing to be changed. */
export function lookAtDatabase(options: FleetOptions): Promise<FleetReport> {
  return inSession(options, async (session, database) => {
    const tables = (await session.hasTables()) ? '' : ', and its first gateway makes the tables';
    const line = `${database.shown} can keep fleet ${options.name}: PostgreSQL ${session.serverVersion}${tables}`;
    return { lines: [line], report: { database: database.shown, serverVersion: session.serverVersion } };
  });
}

/** Who is active, who stands by, and who was active before. */
export function statusOfFleet(options: FleetOptions): Promise<FleetReport> {
  return inSession(options, async (session, database) => {
    if (!(await session.hasTables())) {
      const line = `fleet ${options.name} in ${database.shown}: no gateway was ever active`;
      return { lines: [line], report: { database: database.shown, holder: null, sessions: [], history: [] } };
    }
    const holder = await session.readHolder({ ...FLEET_TIMING_DEFAULTS, ...options.timing }.leaseMs);
    const { sessions, history } = await session.readFleet();
    const now = Date.now();
    const active = holder?.isHeld
      ? `held by ${describeFleetHolder(holder, now)}${holder.answers === false ? ', which has not answered for a while' : ''}`
      : 'no gateway is active';
    return {
      lines: [
        `fleet ${options.name} in ${database.shown}: ${active}`,
        ...(holder?.url ? [`  clients of other hosts find it at ${printable(holder.url)}`] : []),
        ...sessions.map(({ name, ageMs }) => `  connected: ${printable(name)}, for ${uptime(ageMs)}`),
        ...history.map(
          ({ token, host, pid, since }) =>
            `  was active: host ${printable(host)}, pid ${pid}, from ${new Date(since).toISOString()}, token ${token}`,
        ),
      ],
      report: {
        database: database.shown,
        holder: holder ? { ...holder, token: holder.token.toString() } : null,
        sessions,
        history,
      },
    };
  });
}

/** Connects as a gateway does, and leaves again. */
export async function inSession(
  options: FleetOptions,
  look: (
    session: FleetSession,
    database: Database,
    signal: AbortSignal,
  ) => Promise<Pick<FleetReport, 'lines' | 'report'>>,
): Promise<FleetReport> {
  const member = {
    fleet: options.name,
    instance: randomUUID(),
    host: `${hostname()} (a command)`,
    version: PACKAGE_VERSION,
    advertise: undefined,
  };
  const { signal } = new AbortController();
  const database = parseDatabaseUrl('fleet.url', typeof options.url === 'string' ? options.url : options.url());
  let session: FleetSession | undefined;
  try {
    session = await FleetSession.open(database, member, signal);
    return { ...(await look(session, database, signal)), problem: null, exitCode: ExitCode.OK };
  } catch (error) {
    return { lines: [], problem: describeError(error), exitCode: exitCodeOf(error), report: {} };
  } finally {
    session?.destroy();
  }
}
