import { closeSync, existsSync, fchmodSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { InputError } from '../common/input.error.js';
import { PRIVATE_FILE } from '../common/private-file.js';
import { explain, refuseOthers } from './state-file.js';

const LOG_FILE = 'gateway.log';
/** How many older ones are kept: `gateway.log.1`, the newest, to `gateway.log.5`. */
export const ROTATED_FILES = 5;
const OTHERS = 0o077;

export const logFileIn = (stateFolder: string): string => join(stateFolder, LOG_FILE);

/** @param age 1 for the newest; 0 for the one that is being written */
export const rotatedFile = (file: string, age: number): string => (age === 0 ? file : `${file}.${age}`);

/**
 * Opens a log for a process to write to at its end, whatever else writes there or cuts it off; made if it is missing.
 *
 * @returns a file descriptor
 * @throws {LaunchError | InputError} it cannot be written, or is not a file
 */
export function openToAppend(file: string): number {
  try {
    refuseSpecial(file);
    const descriptor = openSync(file, 'a', PRIVATE_FILE);
    const { mode, uid } = fstatSync(descriptor);
    refuseOthers(file, uid);
    // One that came from a backup, or from an editor, may be open to all.
    if ((mode & OTHERS) !== 0) fchmodSync(descriptor, PRIVATE_FILE);
    return descriptor;
  } catch (error) {
    throw explain(error, file);
  }
}

/** To open a FIFO would wait for its other end. */
function refuseSpecial(file: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) {
    throw new InputError(`${file} is not a file: move it away`);
  }
}

/** In bytes; 0 where there is none. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** @param offset in bytes; beyond the end there is nothing */
export function readFrom(file: string, offset: number, maxBytes = Infinity): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const length = Math.max(Math.min(fstatSync(descriptor).size - offset, maxBytes), 0);
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, length > 0 ? readSync(descriptor, buffer, 0, length, offset) : 0);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The last lines of a log, each with its end, from the rotated files too where the one that is being written has fewer;
 * and where the log ended then, in bytes.
 *
 * @throws {NodeJS.ErrnoException} there is no log, or it cannot be read
 * @throws {InputError} it is not a file
 */
export function lastLines(file: string, count: number): { lines: Buffer; end: number } {
  refuseSpecial(file);
  const current = readFileSync(file);
  let text = current;
  for (let age = 1; age <= ROTATED_FILES && countLines(text) < count; age++) {
    const older = rotatedFile(file, age);
    if (!existsSync(older)) break;
    text = Buffer.concat([readFileSync(older), text]);
  }
  return { lines: text.subarray(startOfLast(text, count)), end: current.length };
}

const LF = 0x0a;

function countLines(text: Buffer): number {
  let lines = 0;
  for (let at = text.indexOf(LF); at !== -1; at = text.indexOf(LF, at + 1)) lines++;
  return lines;
}

/** Whatever comes after the last line end is a line too. */
function startOfLast(text: Buffer, count: number): number {
  let start = text.length;
  for (let left = count; left > 0 && start > 0; left--) {
    // An offset of -1 would count from the end.
    start = start >= 2 ? text.lastIndexOf(LF, start - 2) + 1 : 0;
  }
  return start;
}
