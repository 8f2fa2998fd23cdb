import { homedir } from 'node:os';

import { InputError } from '../common/input.error.js';
import { whoHolds } from '../holder/who-holds.js';
import { whoHoldsProfile, type ProfileHolder } from '../state-folder/who-holds-profile.js';
import { chooseSettings, type Settings } from './choose-settings.js';
import { knownProfiles } from './known-profiles.js';
import type { Profile } from './profile.js';

/** How long a gateway may take to say where it is: a busy machine is no reason not to find it. Where none is, none is waited for. */
export const LOCATE_TIMEOUT_MS = 2_000;

/** What a start would use, or why there would be none. */
type Plan =
  { readonly settings: Settings; readonly problem: null } | { readonly settings: undefined; readonly problem: string };

export type PlannedProfile = Plan & {
  readonly profile: Profile;
  /** Its gateway, which may listen on another port than the next one would. */
  readonly running: ProfileHolder | undefined;
  /** Whether a gateway of the profile may be there, on a port that it could not be asked for. */
  readonly isUnlocated: boolean;
};

/**
 * Every profile of this user. What the environment says is about the current one alone.
 *
 * @param current the settings of the profile that this process was started for
 * @throws {InputError} the home folder cannot be read
 */
export async function planProfiles(current: Settings, home: () => string = homedir): Promise<PlannedProfile[]> {
  return Promise.all(
    knownProfiles(current.profile, home).map(async (profile) => {
      const [running, planned] = await Promise.all([
        whoHoldsProfile(profile.stateFolder, { timeoutMs: LOCATE_TIMEOUT_MS }),
        plan(profile, current),
      ]);
      if (running !== 'unknown') return { profile, running, isUnlocated: false, ...planned };
      const isUnlocated = !planned.settings || !(await isPortInUse(planned.settings));
      const problem = planned.problem ?? unlocated(profile);
      return {
        profile,
        running: undefined,
        ...(isUnlocated ? { isUnlocated, settings: undefined, problem } : { isUnlocated, ...planned }),
      };
    }),
  );
}

async function plan(profile: Profile, current: Settings): Promise<Plan> {
  if (profile.name === current.profile.name) return { settings: current, problem: null };
  try {
    return { settings: await chooseSettings(profile, {}, {}), problem: null };
  } catch (error) {
    // A mistake of one is no reason to say nothing of the others.
    if (error instanceof InputError) return { settings: undefined, problem: error.message };
    throw error;
  }
}

/** Whether anything listens on the port. */
export async function isPortInUse({ host, port }: Settings): Promise<boolean> {
  return (await whoHolds({ host, port })).verdict !== 'blocked';
}

/** Says that a gateway may be there, on a port that is not known. */
export function unlocated({ name, stateFolder }: Profile): string {
  return `the gateway of profile ${name} could not be found: a process holds ${stateFolder}, and does not say on which port it listens; try again, or give --port`;
}
