import { pidHere } from '../holder/describe-holder.js';
import { isOwn, whoHolds } from '../holder/who-holds.js';
import type { Holder } from '../listener/holder.js';
import { ANCHOR_HOST, gatewayUrl } from '../listener/listen-address.js';
import { portOfCard } from '../state-folder/who-holds-profile.js';
import type { PlannedProfile } from '../config/plan-profiles.js';
import { EMPTY_CELL, table } from './table.js';

/** How many ports are asked at a time: each has half a second to answer, and each costs a look at the processes. */
const MAX_PROBES = 16;

export interface ProfileStatus {
  readonly name: string;
  readonly port: number | null;
  readonly url: string | null;
  readonly verdict: Holder['verdict'] | 'free' | null;
  readonly pid: number | null;
  /** The version of the gateway that is there. */
  readonly version: string | null;
  /** The profile of the gateway that is there, which may be another one. */
  readonly heldBy: string | null;
  /** Whether the process there is this user's; null where none is there, or it cannot be told. */
  readonly isOwn: boolean | null;
  /** The name of the user that the process there belongs to, where that is another one and has a name. */
  readonly user: string | null;
  /** Why the port is not known; one line. */
  readonly problem: string | null;
}

/** A status of which nothing is known yet. */
const NOTHING_KNOWN: Omit<ProfileStatus, 'name' | 'problem'> = {
  port: null,
  url: null,
  verdict: null,
  pid: null,
  version: null,
  heldBy: null,
  isOwn: null,
  user: null,
};

/** Says where the gateway of every profile is; where there is none, asks its port who is there. */
export async function statusOfAll(planned: readonly PlannedProfile[]): Promise<ProfileStatus[]> {
  const statuses: ProfileStatus[] = [];
  const queue = planned.entries();
  const probe = async (): Promise<void> => {
    for (const [index, one] of queue) statuses[index] = await statusOf(one);
  };
  await Promise.all(Array.from({ length: MAX_PROBES }, probe));
  return statuses;
}

async function statusOf({ profile: { name }, running, settings, problem }: PlannedProfile): Promise<ProfileStatus> {
  if (running) {
    const { verdict, url, card } = running;
    return {
      ...NOTHING_KNOWN,
      name,
      port: portOfCard(card),
      url,
      verdict,
      pid: pidHere(running) ?? null,
      version: card.version,
      heldBy: card.profile,
      // Its lock is in the state folder of this user.
      isOwn: true,
      problem,
    };
  }
  if (!settings) return { ...NOTHING_KNOWN, name, problem };
  const { host, port } = settings;
  const holder = await whoHolds({ host, port });
  const { verdict, card, user = null } = holder;
  return {
    name,
    port,
    url: gatewayUrl(host === 'localhost' ? ANCHOR_HOST : host, port),
    // Refused is all that a connection can tell.
    verdict: verdict === 'blocked' ? 'free' : verdict,
    pid: pidHere(holder) ?? null,
    version: card?.version ?? null,
    heldBy: card?.profile ?? null,
    isOwn: isOwn(holder) || (holder.ownership === 'other user' ? false : null),
    user,
    problem,
  };
}

export function statusTable(statuses: readonly ProfileStatus[]): string[] {
  return table([
    ['PROFILE', 'PORT', 'STATE', 'PID', 'VERSION'],
    ...statuses.map((status) => [
      status.name,
      String(status.port ?? EMPTY_CELL),
      stateOf(status),
      String(status.pid ?? EMPTY_CELL),
      status.version ?? EMPTY_CELL,
    ]),
  ]);
}

function stateOf({ name, verdict, heldBy, isOwn: isOurs, user }: ProfileStatus): string {
  if (verdict === null) return 'unknown';
  if (isOurs === false) return `${verdict}, but of ${user === null ? 'another user' : `user ${user}`}`;
  if (heldBy === null) return verdict;
  if (heldBy !== name) return `${verdict}, but profile ${heldBy}`;
  // Any process can show a card with the name of this profile.
  return isOurs ? verdict : `${verdict}, but it cannot be told whose`;
}
