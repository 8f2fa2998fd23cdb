import { closeSync, constants, existsSync, fstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { NotAllowedError } from '../common/not-allowed.error.js';
import { openOwn } from '../common/own-file.js';
import { isOpenToOthers, removeTemporariesOf, replaceWhole } from '../common/private-file.js';
import { REDIRECT_FILE } from './state-folder.js';

/** Beside the token, and not the token: it says that a process can read the folder, and opens nothing. */
const SECRET_FILE = 'gateway.secret';
const SECRET_BYTES = 32;
const SECRET = /^[\w-]{43}$/;

/**
 * The secret of a state folder, made of 32 random bytes if it is missing, and anew if other users could read it. Called
 * by the process that holds the folder.
 *
 * @returns `undefined` where it cannot be made or read: the gateway then proves nothing, and serves all the same
 * @throws {NotAllowedError} another user owns the file or may write it, or this user may not read it
 */
export function obtainProofSecret(stateFolder: string): string | undefined {
  const file = join(stateFolder, SECRET_FILE);
  removeTemporariesOf(file);
  removeTemporariesOf(join(stateFolder, REDIRECT_FILE));
  try {
    const there = readSecret(file);
    if (there !== undefined) return there;
    replaceWhole(file, `${newSecret()}\n`);
    return readSecret(file);
  } catch (error) {
    if (error instanceof NotAllowedError) throw error;
    return undefined;
  }
}

/** The secret of a state folder; `undefined` where there is none that only this user can know. */
export function readProofSecret(stateFolder: string): string | undefined {
  try {
    return readSecret(join(stateFolder, SECRET_FILE));
  } catch {
    return undefined;
  }
}

function readSecret(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const descriptor = openOwn(file, constants.O_RDONLY);
  try {
    if (isOpenToOthers(fstatSync(descriptor))) return undefined;
    const secret = readFileSync(descriptor, 'utf8').trim();
    return SECRET.test(secret) ? secret : undefined;
  } finally {
    closeSync(descriptor);
  }
}

function newSecret(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(SECRET_BYTES))).toString('base64url');
}
