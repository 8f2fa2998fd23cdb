import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { InputError } from '../common/input.error.js';
import { closeToOthers, PRIVATE_FILE } from '../common/private-file.js';
import { explain, refuseOthers } from './state-file.js';

const LOG_FILE = 'gateway.log';
/** How many older files are kept: `gateway.log.1`, the newest, to `gateway.log.5`. */
export const ROTATED_FILES = 5;

export function logFileIn(stateFolder: string): string {
  return join(stateFolder, LOG_FILE);
}

/** @param age 1 for the newest of the rotated files; 0 for the one that is being written */
export function rotatedFile(file: string, age: number): string {
  return age === 0 ? file : `${file}.${age}`;
}

/**
 * Opens a log, which is made if it is missing, for a process that appends to it, whatever else appends or truncates.
 *
 * @returns a file descriptor
 * @throws {LaunchError | InputError} it cannot be written, or is not a file
 */
export function openToAppend(file: string): number {
  try {
    refuseSpecial(file);
    const descriptor = openSync(file, 'a', PRIVATE_FILE);
    refuseOthers(file, fstatSync(descriptor).uid);
    closeToOthers(descriptor);
    return descriptor;
  } catch (error) {
    throw explain(error, file);
  }
}

/** Opening a FIFO would wait for its other end. */
function refuseSpecial(file: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) {
    throw new InputError(`${file} is not a file: move it away`);
  }
}

/** The size in bytes; 0 where there is no file. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * @param offset in bytes; beyond the end nothing is read
 * @throws {NodeJS.ErrnoException} there is no file, or it cannot be read
 */
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
 * The last lines of a log, each with its line end, and the size of the log in bytes at that moment. Where the file that
 * is being written has fewer lines, they come from the rotated files too.
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

/** What follows the last line end is a line too. */
function startOfLast(text: Buffer, count: number): number {
  let start = text.length;
  for (let left = count; left > 0 && start > 0; left--) {
    // An offset of -1 would count from the end.
    start = start >= 2 ? text.lastIndexOf(LF, start - 2) + 1 : 0;
  }
  return start;
}
