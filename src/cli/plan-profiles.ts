import { InputError } from '../lock/input.error.js';
import { knownProfiles } from '../profile/known-profiles.js';
import type { Profile } from '../profile/profile.js';
import { chooseSettings, type Settings } from '../settings.js';

/** A profile, and what a start of it would use; or why it would not start. */
export type PlannedProfile = { readonly profile: Profile } & (
  { readonly settings: Settings; readonly problem: null } | { readonly settings: undefined; readonly problem: string }
);

/**
 * Every profile of this user. What the environment says is about the current one alone.
 *
 * @param current the settings of the profile that this process was started for
 * @throws {InputError} the home folder cannot be read
 */
export async function planProfiles(current: Settings): Promise<PlannedProfile[]> {
  return Promise.all(
    knownProfiles(current.profile).map(async (profile) =>
      profile.name === current.profile.name ? { profile, settings: current, problem: null } : plan(profile),
    ),
  );
}

async function plan(profile: Profile): Promise<PlannedProfile> {
  try {
    return { profile, settings: await chooseSettings(profile, {}, {}), problem: null };
  } catch (error) {
    // A mistake of one is no reason to say nothing of the others.
    if (error instanceof InputError) return { profile, settings: undefined, problem: error.message };
    throw error;
  }
}
