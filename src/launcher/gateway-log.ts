import { closeSync, constants, fstatSync, lstatSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { logLineToJson, logTime, type LogLine } from '../common/log-line.js';
import { openOwn } from '../common/own-file.js';
import { closeToOthers } from '../common/private-file.js';
import { explain } from './small-file.js';

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
 * @throws {NotAllowedError} another user owns it or may write it, or this user may not write it
 * @throws {InputError} it is not a file
 * @throws {LaunchError} `no storage`: the file system cannot write it
 */
export function openToAppend(file: string): number {
  try {
    const { O_WRONLY, O_APPEND, O_CREAT } = constants;
    const descriptor = openOwn(file, O_WRONLY | O_APPEND | O_CREAT);
    closeToOthers(descriptor);
    return descriptor;
  } catch (error) {
    throw explain(error, file);
  }
}

/** When a log was written to last; undefined where there is none. */
export function lastChange(file: string): Date | undefined {
  return lstatSync(file, { throwIfNoEntry: false })?.mtime;
}

/** Writes a warning into the log of a gateway that is yet to start. A full disk is no reason not to start it. */
export function appendToLog(file: string, message: string): void {
  const line: LogLine = { time: logTime(), level: 'warn', pid: process.pid, subsystem: 'gateway/launcher', message };
  const descriptor = openToAppend(file);
  try {
    writeSync(descriptor, `${logLineToJson(line)}\n`);
  } catch {
    // The launcher has told it to the operator.
  } finally {
    closeSync(descriptor);
  }
}

/** The size in bytes; 0 where there is no file. */
export function sizeOf(file: string): number {
  return lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * @param offset in bytes; beyond the end nothing is read
 * @throws {NotAllowedError} another user owns it or may write it, or this user may not read it
 * @throws {NodeJS.ErrnoException} there is no file, or it cannot be read
 */
export function readFrom(file: string, offset: number, maxBytes = Infinity): Buffer {
  const descriptor = openOwn(file, constants.O_RDONLY);
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
 * @throws {NotAllowedError} another user owns it or may write it, or this user may not read it
 * @throws {NodeJS.ErrnoException} there is no log, or it cannot be read
 */
export function lastLines(file: string, count: number): { lines: Buffer; end: number } {
  const current = readFrom(file, 0);
  let text = current;
  for (let age = 1; age <= ROTATED_FILES && countLines(text) < count; age++) {
    const older = rotatedFile(file, age);
    if (sizeOf(older) === 0) break;
    text = Buffer.concat([readFrom(older, 0), text]);
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
