import { constants, copyFileSync, existsSync, renameSync, rmSync, truncateSync } from 'node:fs';

import { codeOf } from '../common/own-file.js';
import { ROTATED_FILES, rotatedFile, sizeOf } from './gateway-log.js';

const MAX_LOG_BYTES = 10 * 1024 * 1024;
/** How often the size is looked at. */
const CHECK_INTERVAL_MS = 1_000;
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT']);

/**
 * Keeps the log of this process from growing without end, for as long as the process lives.
 *
 * It copies and then truncates, and never renames the file itself. What Node writes when it crashes, and what child
 * processes write, goes to the descriptors that this process was started with, and these would stay with a renamed file.
 * Nothing is queued between a write and the file either: `process.exit()` would lose the queue.
 */
export function keepRotated(file: string): void {
  let failing: string | undefined;
  const look = (): void => {
    const failure = rotateIfLarge(file, MAX_LOG_BYTES);
    // Once, and not every second: the line goes to the log itself.
    if (failure !== undefined && failure !== failing) {
      const meanwhile = NO_ROOM.has(failure) ? 'the oldest lines make room' : 'it grows until it can';
      process.stderr.write(`${file} cannot be rotated (${failure}): ${meanwhile}\n`);
    }
    failing = failure;
  };
  setInterval(look, CHECK_INTERVAL_MS).unref();
}

/**
 * Rotates a log that has reached a size. Where there is no room for the copy, the oldest lines make room.
 *
 * @returns the code of what went wrong; undefined where nothing did
 */
export function rotateIfLarge(file: string, maxBytes: number): string | undefined {
  let failure: string | undefined;
  try {
    if (sizeOf(file) < maxBytes) return undefined;
    while (!copied(file)) {
      failure = 'ENOSPC';
      if (!removeOldest(file)) {
        truncateSync(file);
        return failure;
      }
    }
    shift(file);
  } catch (error) {
    // It is tried again, and a log that grows meanwhile loses nothing.
    failure = codeOf(error);
  }
  return failure;
}

/** @returns false where there is no room for it, and then nothing has changed */
function copied(file: string): boolean {
  const copy = copyOf(file);
  // The copy is there already where a process was killed after it had truncated the log.
  if (existsSync(copy)) return true;
  try {
    // This process writes nothing between the two, since both are synchronous.
    copyFileSync(file, copy, constants.COPYFILE_EXCL);
    truncateSync(file);
    return true;
  } catch (error) {
    if (!NO_ROOM.has(codeOf(error))) throw error;
    rmSync(copy, { force: true });
    return false;
  }
}

/** @returns whether there was one */
function removeOldest(file: string): boolean {
  for (let age = ROTATED_FILES; age >= 1; age--) {
    const oldest = rotatedFile(file, age);
    if (!existsSync(oldest)) continue;
    rmSync(oldest);
    return true;
  }
  return false;
}

/** The renames come last: a reader that finds a new `.1` knows that the log begins anew. */
function shift(file: string): void {
  for (let age = ROTATED_FILES; age > 1; age--) {
    const newer = rotatedFile(file, age - 1);
    if (existsSync(newer)) renameSync(newer, rotatedFile(file, age));
  }
  renameSync(copyOf(file), rotatedFile(file, 1));
}

function copyOf(file: string): string {
  return `${file}.rotating`;
}
