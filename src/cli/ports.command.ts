import { conflictsOf, type PlannedPort } from '../config/port-conflicts.js';
import { PORTS_PER_GATEWAY } from '../config/choose-port.js';
import { chooseSettings, type PortOrigin } from '../config/choose-settings.js';
import { ExitCode } from '../process/exit-code.js';
import { complain, printResult } from '../process/print.js';
import { portOfCard } from '../state-folder/who-holds-profile.js';
import { planProfiles, type PlannedProfile } from './plan-profiles.js';
import type { Invocation } from './command.js';
import { EMPTY_CELL, table } from './table.js';

interface PortPlan {
  readonly name: string;
  readonly port: number | null;
  readonly from: PortOrigin | null;
  readonly stateFolder: string;
  /** The other profiles that this one is in the way of. */
  readonly conflicts: readonly PlannedPort[];
  /** Why there is no port; one line. */
  readonly problem: string | null;
}

/** Prints the port of every profile of this user, and which are in the way of others. */
export async function ports({ flags, profile }: Invocation): Promise<number> {
  const planned = await planProfiles(await chooseSettings(profile, flags));
  const profiles = describePlans(planned);
  const ok = profiles.every(({ conflicts, problem }) => conflicts.length === 0 && problem === null);
  const isUnsure = planned.some(({ isUnlocated }) => isUnlocated);
  const exitCode = ok ? ExitCode.OK : isUnsure ? ExitCode.NOT_READY : ExitCode.USAGE;
  printResult(flags.json, { ok, profiles, exitCode }, portTable(profiles));
  profiles.forEach(({ problem }) => problem !== null && complain(problem));
  if (profiles.some(({ conflicts }) => conflicts.length > 0)) {
    complain(
      `a gateway needs its port and the ${PORTS_PER_GATEWAY - 1} after it for itself: start one of them with another --port, or set gateway.port in its openclaw.json`,
    );
  }
  return exitCode;
}

function describePlans(planned: readonly PlannedProfile[]): PortPlan[] {
  const rows = planned.map((one) => ({ ...one.profile, ...portOf(one), problem: one.problem }));
  const known = rows.flatMap(({ name, port }) => (port === null ? [] : [{ name, port }]));
  return rows.map(({ name, port, from, stateFolder, problem }) => ({
    name,
    port,
    from,
    stateFolder,
    conflicts: port === null ? [] : conflictsOf({ name, port }, known),
    problem,
  }));
}

/** What is taken now counts for the others, whatever the next start would take. */
function portOf({ running, settings }: PlannedProfile): Pick<PortPlan, 'port' | 'from'> {
  const port = running && portOfCard(running.card);
  if (port !== undefined && port !== settings?.port) return { port, from: 'running' };
  return { port: settings?.port ?? null, from: settings?.portOrigin ?? null };
}

function portTable(plans: readonly PortPlan[]): string[] {
  return table([
    ['PROFILE', 'PORT', 'FROM', 'IN THE WAY OF'],
    ...plans.map(({ name, port, from, conflicts }) => [
      name,
      String(port ?? EMPTY_CELL),
      from ?? EMPTY_CELL,
      conflicts.map((other) => `${other.name} (${other.port})`).join(', ') || EMPTY_CELL,
    ]),
  ]);
}
