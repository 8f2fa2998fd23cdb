import { closeSync, constants } from 'node:fs';

import { InputError } from '../../common/input.error.js';
import { NotAllowedError } from '../../common/not-allowed.error.js';
import { codeOf, openOwn, readIfThere } from '../../common/own-file.js';
import { closeToOthers, createWhole, removeTemporariesOf } from '../../common/private-file.js';

/** A shorter token can be guessed; a longer one is a mistake, such as a whole file. */
const TOKEN = /^[\x21-\x7e]{8,512}$/;
const TOKEN_BYTES = 32;

/**
 * @param source what to call it in the error, which does not show the token
 * @throws {InputError} one line
 */
export function checkToken(source: string, token: string): string {
  if (TOKEN.test(token)) return token;
  const what = token === '' ? 'is empty' : 'does not hold a token';
  throw new InputError(`${source} ${what}: give 8 to 512 printable ASCII characters without spaces`);
}

/**
 * The token in a file; `undefined` if there is no such file.
 *
 * @throws {NotAllowedError} another user owns the file or may write it, or this user may not read it
 * @throws {InputError} it cannot be read, or holds no token
 */
export function readTokenFile(file: string): string | undefined {
  let text: string | undefined;
  try {
    text = readIfThere(file);
  } catch (error) {
    if (error instanceof NotAllowedError) throw error;
    throw new InputError(`${file}: the token cannot be read (${codeOf(error)}): fix the file, or give a token`);
  }
  if (text === undefined) return undefined;
  try {
    return checkToken(file, text.trim());
  } catch (error) {
    throw new InputError(`${(error as Error).message}, or delete the file and a new one is made`);
  }
}

/**
 * The token in a file that only this user can read, made of 32 random bytes if it is missing. Two processes that make it
 * at once get the same token.
 *
 * @throws {NotAllowedError} another user owns the file or may write it, or this user may not read it
 * @throws {InputError} it cannot be read or made
 */
export function obtainTokenFile(file: string): string {
  removeTemporariesOf(file);
  const there = readTokenFile(file);
  if (there !== undefined) {
    closeFileToOthers(file);
    return there;
  }
  try {
    createWhole(file, `${newToken()}\n`);
  } catch (error) {
    throw new InputError(
      `${file}: the gateway's token cannot be written (${codeOf(error)}): give one with --token or OPENCLAW_GATEWAY_TOKEN, or another folder with OPENCLAW_STATE_DIR`,
    );
  }
  const made = readTokenFile(file);
  if (made === undefined) throw new InputError(`${file}: the gateway's token was deleted while it was made`);
  return made;
}

function newToken(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES))).toString('base64url');
}

/** A file that came from a backup, or from an editor, may be readable for other users. */
function closeFileToOthers(file: string): void {
  try {
    const descriptor = openOwn(file, constants.O_RDONLY);
    try {
      closeToOthers(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Its file system has no modes: the operator who put it there has decided so.
  }
}
