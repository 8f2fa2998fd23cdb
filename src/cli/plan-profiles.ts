import { InputError } from '../common/input.error.js';
import { knownProfiles } from '../config/known-profiles.js';
import type { Profile } from '../config/profile.js';
import { whoHoldsProfile, type ProfileHolder } from '../state-folder/who-holds-profile.js';
import { isHeld, LOCATE_TIMEOUT_MS, unlocated } from './where-it-runs.js';
import { chooseSettings, type Settings } from '../config/choose-settings.js';

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
export async function planProfiles(current: Settings): Promise<PlannedProfile[]> {
  return Promise.all(
    knownProfiles(current.profile).map(async (profile) => {
      const [running, planned] = await Promise.all([
        whoHoldsProfile(profile.stateFolder, { timeoutMs: LOCATE_TIMEOUT_MS }),
        plan(profile, current),
      ]);
      if (running !== 'unknown') return { profile, running, isUnlocated: false, ...planned };
      const isUnlocated = !planned.settings || !(await isHeld(planned.settings));
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
