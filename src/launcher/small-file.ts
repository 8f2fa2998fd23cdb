import { closeSync, constants, fstatSync, readSync, type BigIntStats } from 'node:fs';

import { InputError } from '../common/input.error.js';
import { NotAllowedError } from '../common/not-allowed.error.js';
import { codeOf, DENIED, NOT_A_FILE, openOwn } from '../common/own-file.js';
import { LaunchError } from './launch.error.js';

/** The most that is read of a file, which should be small, and may hold anything. */
const MAX_BYTES = 64 * 1024;
/** What is there instead of a file, by the code of the error. */
const KINDS: Readonly<Record<string, string>> = {
  EISDIR: 'a folder',
  ELOOP: 'a symbolic link',
  [NOT_A_FILE]: 'a special file',
};

/** A small file as it was at one moment. */
export interface FileSnapshot {
  readonly stats: BigIntStats;
  readonly text: string;
}

/**
 * Reads a small file of this user; undefined if there is none.
 *
 * @throws {NotAllowedError} another user owns it or may write it, or this user may not read it
 * @throws {InputError} it is not a file
 * @throws {LaunchError} `no storage`: the file system cannot read it
 */
export function lookAt(file: string): FileSnapshot | undefined {
  try {
    const descriptor = openOwn(file, constants.O_RDONLY);
    try {
      const buffer = Buffer.alloc(MAX_BYTES);
      const stats = fstatSync(descriptor, { bigint: true });
      return { stats, text: buffer.toString('utf8', 0, readSync(descriptor, buffer)) };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw explain(error, file);
  }
}

/** The error for a person, in one line; what is no error of the file system as it is. */
export function explain(error: unknown, path: string): unknown {
  const code = codeOf(error);
  const kind = KINDS[code];
  if (kind !== undefined) return new InputError(`${path} is ${kind}, not a file: move it away`);
  if (code === 'ENOTDIR') return new InputError(`${path} is not in a folder: give another one with OPENCLAW_STATE_DIR`);
  if (DENIED.has(code)) {
    return new NotAllowedError(
      `${path}: not to be written by this user (${code}): change that, or give another folder with OPENCLAW_STATE_DIR`,
    );
  }
  if ((error as NodeJS.ErrnoException).syscall === undefined) return error;
  return new LaunchError(
    'no storage',
    `${path}: not to be read or written (${code}): fix that, or give another folder with OPENCLAW_STATE_DIR`,
  );
}
