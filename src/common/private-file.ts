import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** For this user alone, as all that a gateway keeps. */
export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;

/** What is larger is none of the files that are read whole. Bytes. */
const MAX_BYTES = 1024 * 1024;

/**
 * The text of a file; `undefined` where there is none.
 *
 * @throws the native error of the file system; or one with a code in words, for what is no file or has more than 1 MiB
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
 * Makes a private file, and the folders above it: whole or not at all, and only where there is none, since unlike
 * rename(2) link(2) replaces nothing.
 *
 * @returns false where there is one
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
 * Writes a private file, and the folders above it, in place of the one that may be there: whole or not at all.
 *
 * @throws the native error of the file system
 */
export function replaceWhole(file: string, text: string): void {
  viaTemporary(file, text, (temporary) => renameSync(temporary, file));
}

/** The code of what the file system throws, for a line that a person reads. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}

/** A pipe would be waited for, and a device never comes to an end. */
function refuseEndless(file: string): void {
  const stats = statSync(file);
  // The file system says it of a folder, in its own code.
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
