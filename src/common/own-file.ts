import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, statSync, type Stats } from 'node:fs';
import { userInfo } from 'node:os';

import { NotAllowedError } from './not-allowed.error.js';
import { PRIVATE_FILE } from './private-file.js';

/** No file that is read whole is larger. */
const MAX_BYTES = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const WRITABLE_BY_OTHERS = 0o022;
const ROOT_UID = 0;
/** The codes by which the system refuses a file to this user. */
export const DENIED: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS']);

export interface OwnRules {
  /**
   * Whether a file of root's is as good as one of this user: for what root gives to users to read.
   * @default false
   */
  readonly orRoots?: boolean;
  /**
   * Whether the path may be a link. A link in a folder of other programs could lead anywhere.
   * @default false
   */
  readonly links?: boolean;
}

/**
 * Opens a regular file that no other user controls. The descriptor is judged, and not the path, which could name another
 * file by then. Opening never waits, as it would for the other end of a FIFO.
 *
 * @param flags of open(2)
 * @returns the descriptor
 * @throws {NotAllowedError} another user owns the file or may write it, or this user may not open it
 * @throws the native error of the file system, or one whose code is in words, for what is not a file
 */
export function openOwn(file: string, flags: number, rules: OwnRules = {}): number {
  const { O_NOFOLLOW, O_NONBLOCK } = constants;
  const descriptor = open(file, flags | O_NONBLOCK | (rules.links ? 0 : O_NOFOLLOW), rules);
  try {
    const stats = fstatSync(descriptor);
    if (stats.isDirectory()) throw withCode('EISDIR');
    if (!stats.isFile()) throw withCode(NOT_A_FILE);
    refuseForeign(file, stats, rules);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/**
 * The text of a file that no other user controls; `undefined` where there is none.
 *
 * @throws {NotAllowedError} another user owns the file or may write it, or this user may not read it
 * @throws the native error of the file system; or one whose code is in words, for what is not a file or has more than
 * 1 MiB
 */
export function readIfThere(file: string, rules: OwnRules = {}): string | undefined {
  let descriptor: number;
  try {
    descriptor = openOwn(file, constants.O_RDONLY, rules);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return undefined;
    throw error;
  }
  try {
    return readWhole(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Judges a file or a folder as ssh(1) does: what another user owns or may write can say anything.
 *
 * @param wayOut what else an operator can do about it, for the message
 * @throws {NotAllowedError} another user owns it or may write it
 */
export function refuseForeign(
  path: string,
  { uid, mode }: Pick<Stats, 'uid' | 'mode'>,
  { orRoots = false }: OwnRules = {},
  wayOut = '',
): void {
  const own = process.geteuid?.();
  // Windows has neither users with numbers nor these modes.
  if (own === undefined) return;
  const shown = shellWord(path);
  if (uid !== own && !(orRoots && uid === ROOT_UID)) {
    const owner = uid === ROOT_UID ? 'root' : 'another user';
    throw new NotAllowedError(
      `${path} belongs to ${owner} (uid ${uid}): ${runAs(uid, own)}, or make it this user's: chown ${userName(own)} ${shown}${wayOut}`,
    );
  }
  if ((mode & WRITABLE_BY_OTHERS) === 0) return;
  throw new NotAllowedError(
    `${path} can be written by other users (mode ${(mode & 0o777).toString(8)}): take that away: chmod go-w ${shown}${wayOut}`,
  );
}

/** The code of an error of the file system, for a line that a person reads. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}

/** In place of a code: a pipe, a device or a socket, a read of which may wait or never end. */
export const NOT_A_FILE = 'not a file';

function open(file: string, flags: number, rules: OwnRules): number {
  try {
    return openSync(file, flags, PRIVATE_FILE);
  } catch (error) {
    const code = codeOf(error);
    // A socket, or a FIFO that no process reads.
    if (code === 'ENXIO') throw withCode(NOT_A_FILE);
    if (DENIED.has(code)) throw denied(file, code, rules);
    throw error;
  }
}

/** The owner is the likely reason, and can be told without opening the file. */
function denied(file: string, code: string, rules: OwnRules): Error {
  try {
    refuseForeign(file, (rules.links ? statSync : lstatSync)(file), rules);
  } catch (error) {
    if (error instanceof NotAllowedError) return error;
  }
  return new NotAllowedError(
    `${file} cannot be opened by this user (${code}): fix its mode, or that of its folder: chmod u+rw ${shellWord(file)}`,
  );
}

/** A file of /proc has no size, and a read of one may never end: what does not come at once is not waited for. */
function readWhole(descriptor: number): string {
  const chunks: Buffer[] = [];
  for (let length = 0; length <= MAX_BYTES;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const read = readSync(descriptor, chunk);
    if (read === 0) return Buffer.concat(chunks).toString('utf8');
    chunks.push(chunk.subarray(0, read));
    length += read;
  }
  throw withCode(`more than ${MAX_BYTES} bytes`);
}

function withCode(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}

function runAs(uid: number, own: number): string {
  const isSudo = own === ROOT_UID && process.env['SUDO_UID'] === String(uid);
  return isSudo ? 'run this without sudo' : 'run this as that user';
}

function userName(uid: number): string {
  try {
    return userInfo().username;
  } catch {
    return String(uid);
  }
}

/** A path as an operator can paste it into a shell. */
function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
