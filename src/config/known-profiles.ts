import { readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { InputError } from '../common/input.error.js';
import { codeOf } from '../common/own-file.js';
import { DEFAULT_PROFILE } from '../options/holder.options.js';
import { isProfileName, resolveProfile, type Profile } from './profile.js';

const FOLDER = /^\.openclaw(?:-(.+))?$/;

/**
 * The profiles that have a folder in the home folder, and the current one: the default one first, the others by name.
 *
 * @throws {InputError} the home folder cannot be read
 */
export function knownProfiles(current: Profile, home: () => string = homedir): Profile[] {
  const others = namesIn(home)
    .filter((name) => name !== current.name)
    .map((profile) => resolveProfile({ profile }, {}, home));
  return [current, ...others].sort(
    (one, other) =>
      Number(other.name === DEFAULT_PROFILE) - Number(one.name === DEFAULT_PROFILE) || (one.name < other.name ? -1 : 1),
  );
}

function namesIn(home: () => string): string[] {
  let folder: string;
  try {
    folder = home();
  } catch {
    // A user without a home folder has no profiles in it.
    return [];
  }
  return entriesOf(folder).flatMap((entry) => {
    const match = FOLDER.exec(entry);
    if (!match) return [];
    const [, name] = match;
    // `.openclaw-default` is not the folder of any profile.
    const known = name === undefined || (isProfileName(name) && name !== DEFAULT_PROFILE);
    return known && isFolder(join(folder, entry)) ? [name ?? DEFAULT_PROFILE] : [];
  });
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw new InputError(`${folder}: the profiles in it cannot be listed (${code}): fix the folder, or set HOME`);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // A broken link, or one to a place that this user may not look into.
    return false;
  }
}
