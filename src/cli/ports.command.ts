import { PORTS_PER_GATEWAY } from '../config/choose-port.js';
import { chooseSettings } from '../config/choose-settings.js';
import { ExitCode } from '../process/exit-code.js';
import { complain, printResult } from '../process/print.js';
import { planProfiles } from '../config/plan-profiles.js';
import { describePlans, type PortPlan } from '../config/port-plans.js';
import type { Invocation } from './command.js';
import { EMPTY_CELL, table } from './table.js';

/** Prints the port of every profile of this user, and which of them conflict. */
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

function portTable(plans: readonly PortPlan[]): string[] {
  return table([
    ['PROFILE', 'PORT', 'FROM', 'CONFLICTS WITH'],
    ...plans.map(({ name, port, from, conflicts }) => [
      name,
      String(port ?? EMPTY_CELL),
      from ?? EMPTY_CELL,
      conflicts.map((other) => `${other.name} (${other.port})`).join(', ') || EMPTY_CELL,
    ]),
  ]);
}
