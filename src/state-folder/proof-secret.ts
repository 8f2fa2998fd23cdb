import { join } from 'node:path';

import { createWhole, readIfThere } from '../common/private-file.js';

/** Beside the token, and not the token: it says that a process can read the folder, and opens nothing. */
const SECRET_FILE = 'gateway.secret';
const SECRET_BYTES = 32;
const SECRET = /^[\w-]{43}$/;

/**
 * The secret of a state folder, made of 32 random bytes if it is missing. Called by the process that holds the folder.
 *
 * @returns `undefined` where it cannot be made or read: the gateway then proves nothing, and serves all the same
 */
export function obtainProofSecret(stateFolder: string): string | undefined {
  const there = readProofSecret(stateFolder);
  if (there !== undefined) return there;
  try {
    createWhole(join(stateFolder, SECRET_FILE), `${newSecret()}\n`);
  } catch {
    return undefined;
  }
  return readProofSecret(stateFolder);
}

/** The secret of a state folder; `undefined` where there is none that this user can trust. */
export function readProofSecret(stateFolder: string): string | undefined {
  try {
    const secret = readIfThere(join(stateFolder, SECRET_FILE))?.trim() ?? '';
    return SECRET.test(secret) ? secret : undefined;
  } catch {
    return undefined;
  }
}

function newSecret(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(SECRET_BYTES))).toString('base64url');
}
