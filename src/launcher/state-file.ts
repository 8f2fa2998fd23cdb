import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type BigIntStats } from 'node:fs';

import { InputError } from '../common/input.error.js';
import { LaunchError } from './launch.error.js';

/** The most that is read of a file, which should be small, and may hold anything. */
const MAX_BYTES = 64 * 1024;
const DENIED = new Set(['EACCES', 'EPERM', 'EROFS']);

/** A small file as it was at one moment. */
export interface FileSnapshot {
  readonly stats: BigIntStats;
  readonly text: string;
}

/**
 * Reads a small file of this user; undefined if there is none.
 *
 * @throws {LaunchError} it belongs to another user, or cannot be read
 * @throws {InputError} it is not a file
 */
export function lookAt(file: string): FileSnapshot | undefined {
  try {
    const stats = lstatSync(file, { bigint: true });
    // Opening a FIFO would wait for its other end, and a link may point to a file of another user.
    if (!stats.isFile()) throw new InputError(`${file} is ${kindOf(stats)}, not a file: move it away`);
    refuseOthers(file, Number(stats.uid));
    const descriptor = openSync(file, constants.O_RDONLY);
    try {
      const buffer = Buffer.alloc(MAX_BYTES);
      const opened = fstatSync(descriptor, { bigint: true });
      return { stats: opened, text: buffer.toString('utf8', 0, readSync(descriptor, buffer)) };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw explain(error, file);
  }
}

/**
 * Root may write everywhere, and would leave files behind that the owner of the folder could not change.
 *
 * @throws {LaunchError} `not allowed`: the file is another user's
 */
export function refuseOthers(file: string, uid: number): void {
  const own = process.getuid?.();
  if (own === undefined || uid === own) return;
  throw new LaunchError(
    'not allowed',
    `${file} belongs to another user (uid ${uid}): run this as that user, or give another folder with OPENCLAW_STATE_DIR`,
  );
}

/** The error for a person, where it is one that a wrong folder causes; every other error as it is. */
export function explain(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (DENIED.has(code)) {
    return new LaunchError(
      'not allowed',
      `${path}: not to be written by this user (${code}): change that, or give another folder with OPENCLAW_STATE_DIR`,
    );
  }
  if (code === 'EISDIR') return new InputError(`${path} is a folder, not a file: move it away`);
  if (code === 'ENOTDIR') return new InputError(`${path} is not in a folder: give another one with OPENCLAW_STATE_DIR`);
  return error;
}

function kindOf(stats: BigIntStats): string {
  if (stats.isDirectory()) return 'a folder';
  return stats.isSymbolicLink() ? 'a symbolic link' : 'a special file';
}
