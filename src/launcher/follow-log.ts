import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { readFrom, ROTATED_FILES, rotatedFile, sizeOf } from './gateway-log.js';

const LOOK_AGAIN_MS = 100;

/**
 * Yields what is appended to a log, across its rotations, until the signal is aborted.
 *
 * @param offset where to begin, in bytes
 */
export async function* followLog(file: string, offset: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  let newest = inodeOf(file, 1);
  let end = offset;
  while (!signal.aborted) {
    const seen = inodeOf(file, 1);
    if (seen !== undefined && seen !== newest) {
      // The file that was read so far is now one of the rotated ones.
      for (let age = rotationsSince(file, newest); age >= 1; age--) {
        yield* some(readRotated(file, age, end));
        end = 0;
      }
      newest = seen;
    }
    const size = sizeOf(file);
    const text = size > end ? readFrom(file, end, size - end) : Buffer.alloc(0);
    // A rotation since the look at `.1` leaves what was read so far to be printed first: the next round does that.
    if (!isRotating(file) && inodeOf(file, 1) === newest) {
      // Where the file is shorter than before, another program has emptied it.
      end = size < end ? 0 : end + text.length;
      yield* some(text);
    }
    await delay(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Whether the file was copied and emptied, and the copy has yet to become `.1`; ask before the look at `.1`. */
function isRotating(file: string): boolean {
  return sizeOf(`${file}.rotating`) > 0;
}

function* some(text: Buffer): Generator<Buffer> {
  if (text.length > 0) yield text;
}

function rotationsSince(file: string, newest: bigint | undefined): number {
  for (let age = 1; age <= ROTATED_FILES; age++) {
    if (inodeOf(file, age) === newest) return age - 1;
  }
  return ROTATED_FILES;
}

function readRotated(file: string, age: number, offset: number): Buffer {
  try {
    return readFrom(rotatedFile(file, age), offset);
  } catch {
    return Buffer.alloc(0);
  }
}

function inodeOf(file: string, age: number): bigint | undefined {
  return statSync(rotatedFile(file, age), { bigint: true, throwIfNoEntry: false })?.ino;
}
