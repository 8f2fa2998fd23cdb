import { copyFileSync, existsSync, renameSync, truncateSync } from 'node:fs';

import { ROTATED_FILES, rotatedFile, sizeOf } from './gateway-log.js';

export const MAX_LOG_BYTES = 10 * 1024 * 1024;
/** How often the size is looked at. Milliseconds. */
const CHECK_INTERVAL_MS = 1_000;

/**
 * Keeps the log of this process from growing without end, for as long as the process lives.
 *
 * It copies and then truncates, and never renames the file itself: what the runtime writes when it crashes, and what
 * child processes write, goes to the descriptors that this process was started with, and these would stay with a
 * renamed file. For the same reason nothing stands between a write and the file: a queue is lost by `process.exit()`.
 */
export function keepRotated(file: string, maxBytes: number): void {
  setInterval(() => rotateIfLarge(file, maxBytes), CHECK_INTERVAL_MS).unref();
}

export function rotateIfLarge(file: string, maxBytes: number): void {
  try {
    if (sizeOf(file) >= maxBytes) rotate(file);
  } catch {
    // A full disk, say: tried again, and until then the log grows, which loses nothing.
  }
}

/** In an order in which a reader that finds a new `.1` knows that the log begins anew. */
function rotate(file: string): void {
  const copy = `${file}.rotating`;
  // There already where the process was killed between the two steps below.
  if (!existsSync(copy)) {
    // Nothing of this process can come between the two, since both block it.
    copyFileSync(file, copy);
    truncateSync(file);
  }
  for (let age = ROTATED_FILES; age > 1; age--) {
    const newer = rotatedFile(file, age - 1);
    if (existsSync(newer)) renameSync(newer, rotatedFile(file, age));
  }
  renameSync(copy, rotatedFile(file, 1));
}
