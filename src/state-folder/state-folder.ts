import * as fs from 'node:fs';
import { promisify } from 'node:util';

import { InputError } from '../common/input.error.js';
import { NotAllowedError } from '../common/not-allowed.error.js';
import { refuseForeign } from '../common/own-file.js';
import { PRIVATE_FOLDER } from '../common/private-file.js';

// Loading `node:fs/promises` takes a start longer than all that is done with it here.
const [access, mkdir, stat] = [promisify(fs.access), promisify(fs.mkdir), promisify(fs.stat)];

/** Identifies a folder however its path is spelled (st_dev and st_ino in stat(3type)). */
export interface FolderIdentity {
  readonly device: bigint;
  readonly inode: bigint;
}

/** In the state folder: what leads a browser to the page, and so holds the token. */
export const REDIRECT_FILE = 'open.html';

const WAY_OUT = ', or choose another folder with OPENCLAW_STATE_DIR';

/**
 * Makes a folder if it is missing, and those above it.
 *
 * @throws {NotAllowedError} another user owns it or may write it
 * @throws {InputError} it cannot be made, is not a folder, or cannot be read and written
 */
export async function openStateFolder(folder: string): Promise<FolderIdentity> {
  try {
    await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
    const { dev, ino, uid, mode } = await stat(folder, { bigint: true });
    refuseForeign(folder, { uid: Number(uid), mode: Number(mode) }, {}, WAY_OUT);
    await access(folder, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
    return { device: dev, inode: ino };
  } catch (error) {
    if (error instanceof NotAllowedError) throw error;
    throw unusable(folder, error);
  }
}

/** @throws the native error of the file system */
export async function identityOf(folder: string): Promise<FolderIdentity> {
  const { dev, ino } = await stat(folder, { bigint: true });
  return { device: dev, inode: ino };
}

/** @param error of the file system, or of a socket in the folder */
export function unusable(folder: string, error: unknown): InputError {
  // `EACCES: permission denied, mkdir '/x'`: our own line names the path already.
  const [reason] = (error as Error).message.split(', ');
  return new InputError(
    `the state folder ${JSON.stringify(folder)} cannot be made or used (${reason}): fix it, or choose another one with OPENCLAW_STATE_DIR`,
  );
}
