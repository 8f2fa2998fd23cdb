import {
  fchmodSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The modes of all that a gateway keeps, which is for its own user alone. */
export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;
const GROUP_AND_OTHERS = 0o077;

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;
/** Writing a small file takes much less: an older one was left behind by a process that was killed. */
const LEFTOVER_MS = 60_000;

/**
 * Makes a private file, and the folders above it: whole or not at all, and only where there is none. Unlike rename(2),
 * link(2) replaces nothing.
 *
 * @returns false where there is one already
 * @throws the native error of the file system
 */
export function createWhole(file: string, text: string): boolean {
  return viaTemporary(file, text, (temporary) => {
    try {
      linkSync(temporary, file);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  });
}

/**
 * Writes a private file, and makes the folders above it: whole or not at all, in place of one that may be there.
 *
 * @throws the native error of the file system
 */
export function replaceWhole(file: string, text: string): void {
  viaTemporary(file, text, (temporary) => renameSync(temporary, file));
}

/**
 * Takes the access of others away from an open file: one that came from a backup, or from an editor, may be open to all.
 *
 * @throws the native error of the file system
 */
export function closeToOthers(descriptor: number): void {
  if (isOpenToOthers(fstatSync(descriptor))) fchmodSync(descriptor, PRIVATE_FILE);
}

export function isOpenToOthers({ mode }: { readonly mode: number }): boolean {
  return (mode & GROUP_AND_OTHERS) !== 0;
}

/**
 * Removes the temporary files beside this one, which hold all of its text: a process that was killed while it wrote has
 * left them. Files that stay do no harm to what runs, so it never throws.
 */
export function removeTemporariesOf(file: string): void {
  const prefix = `${basename(file)}.`;
  removeLeftovers(dirname(file), (name) => name.startsWith(prefix) && UUID.test(name.slice(prefix.length)));
}

/** Removes files of this user from a folder: those with such a name that have not been written for a minute. */
export function removeLeftovers(folder: string, isLeftover: (name: string) => boolean): void {
  try {
    for (const name of readdirSync(folder).filter(isLeftover)) {
      const path = join(folder, name);
      const { uid, mtimeMs } = lstatSync(path);
      const isOld = Date.now() - mtimeMs > LEFTOVER_MS;
      if (isOld && uid === (process.geteuid?.() ?? uid)) rmSync(path, { force: true });
    }
  } catch {
    // The next start tries again.
  }
}

function viaTemporary<T>(file: string, text: string, place: (temporary: string) => T): T {
  const temporary = `${file}.${crypto.randomUUID()}`;
  mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
  try {
    writeFileSync(temporary, text, { mode: PRIVATE_FILE, flag: 'wx', flush: true });
    return place(temporary);
  } finally {
    rmSync(temporary, { force: true });
  }
}
