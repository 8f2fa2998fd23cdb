import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { InputError } from '../../lock/input.error.js';
import { checkToken } from './tokens.js';

const TOKEN_BYTES = 32;
/** Read and write for the user alone. */
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
const OTHERS = 0o077;

/**
 * The token in a file; `undefined` if there is no such file.
 *
 * @throws {InputError} it cannot be read, or holds no token
 */
export function readTokenFile(file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new InputError(`${file}: the token cannot be read (${codeOf(error)}): mend the file, or give a token`);
  }
  try {
    return checkToken(file, text.trim());
  } catch (error) {
    throw new InputError(`${(error as Error).message}, or delete the file and a new one is made`);
  }
}

/**
 * The token in a file that only this user can read, made of 32 random bytes if it is missing. Two that make it at once
 * get the same.
 *
 * @throws {InputError} it cannot be read or made
 */
export function obtainTokenFile(file: string): string {
  const there = readTokenFile(file);
  if (there !== undefined) {
    closeToOthers(file);
    return there;
  }
  const temporary = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
    writeFileSync(temporary, `${randomBytes(TOKEN_BYTES).toString('base64url')}\n`, { mode: PRIVATE_FILE, flag: 'wx' });
    // Unlike a rename it replaces nothing, and unlike a write it is there whole or not at all.
    linkSync(temporary, file);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') {
      throw new InputError(
        `${file}: the gateway's token cannot be written (${codeOf(error)}): give one with --token or OPENCLAW_GATEWAY_TOKEN, or another folder with OPENCLAW_STATE_DIR`,
      );
    }
  } finally {
    rmSync(temporary, { force: true });
  }
  const made = readTokenFile(file);
  if (made === undefined) throw new InputError(`${file}: the gateway's token was deleted while it was made`);
  return made;
}

/** One that came from a backup, or from an editor, may be open to all. */
function closeToOthers(file: string): void {
  try {
    if ((statSync(file).mode & OTHERS) !== 0) chmodSync(file, PRIVATE_FILE);
  } catch {
    // Somebody else's, or on a disk that cannot: whoever gave it to us has decided so.
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}
