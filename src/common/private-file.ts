import {
  fchmodSync,
  fstatSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** The modes of all that a gateway keeps, which is for its own user alone. */
export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;
const GROUP_AND_OTHERS = 0o077;

/** No file that is read whole is larger. */
const MAX_BYTES = 1024 * 1024;

/**
 * The text of a file; `undefined` where there is none.
 *
 * @throws the native error of the file system; or one whose code is in words, for what is not a file or has more than
 * 1 MiB
 */
export function readIfThere(file: string): string | undefined {
  try {
    refuseEndless(file);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return undefined;
    throw error;
  }
}

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
      if (codeOf(error) === 'EEXIST') return false;
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
  if ((fstatSync(descriptor).mode & GROUP_AND_OTHERS) !== 0) fchmodSync(descriptor, PRIVATE_FILE);
}

/** The code of an error of the file system, for a line that a person reads. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}

/** A read of a pipe would wait for its other end, and one of a device might never end. */
function refuseEndless(file: string): void {
  const stats = statSync(file);
  // A folder is left to the read, which fails with EISDIR.
  if (!stats.isFile() && !stats.isDirectory()) throw withCode('not a file');
  if (stats.size > MAX_BYTES) throw withCode(`more than ${MAX_BYTES} bytes`);
}

function withCode(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
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
