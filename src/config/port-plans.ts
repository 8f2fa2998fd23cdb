import { portOfCard } from '../state-folder/who-holds-profile.js';
import type { PortOrigin } from './choose-port.js';
import type { PlannedProfile } from './plan-profiles.js';
import { conflictsOf, type PlannedPort } from './port-conflicts.js';

/** The port of a profile, and the profiles that it conflicts with. */
export interface PortPlan {
  readonly name: string;
  readonly port: number | null;
  readonly from: PortOrigin | null;
  readonly stateFolder: string;
  /** The other profiles whose ports overlap with those of this one. */
  readonly conflicts: readonly PlannedPort[];
  /** Why there is no port; one line. */
  readonly problem: string | null;
}

/** The ports of profiles, each with those that it conflicts with. */
export function describePlans(planned: readonly PlannedProfile[]): PortPlan[] {
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
