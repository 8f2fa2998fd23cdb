import { copyFileSync, existsSync, renameSync, truncateSync } from 'node:fs';

import { ROTATED_FILES, rotatedFile, sizeOf } from './gateway-log.js';

const MAX_LOG_BYTES = 10 * 1024 * 1024;
/** How often the size is looked at. */
const CHECK_INTERVAL_MS = 1_000;

/**
 * Keeps the log of this process from growing without end, for as long as the process lives.
 *
 * It copies and then truncates, and never renames the file itself. What Node writes when it crashes, and what child
 * processes write, goes to the descriptors that this process was started with, and these would stay with a renamed file.
 * Nothing is queued between a write and the file either: `process.exit()` would lose the queue.
 */
export function keepRotated(file: string): void {
  setInterval(() => rotateIfLarge(file, MAX_LOG_BYTES), CHECK_INTERVAL_MS).unref();
}

export function rotateIfLarge(file: string, maxBytes: number): void {
  try {
    if (sizeOf(file) >= maxBytes) rotate(file);
  } catch {
    // A full disk, for example. It is tried again, and a log that grows meanwhile loses nothing.
  }
}

/** The renames come last: a reader that finds a new `.1` knows that the log begins anew. */
function rotate(file: string): void {
  const copy = `${file}.rotating`;
  // The copy is there already where a process was killed after it had truncated the log.
  if (!existsSync(copy)) {
    // This process writes nothing between the two, since both are synchronous.
    copyFileSync(file, copy);
    truncateSync(file);
  }
  for (let age = ROTATED_FILES; age > 1; age--) {
    const newer = rotatedFile(file, age - 1);
    if (existsSync(newer)) renameSync(newer, rotatedFile(file, age));
  }
  renameSync(copy, rotatedFile(file, 1));
}
