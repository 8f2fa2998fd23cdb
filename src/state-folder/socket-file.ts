import { rmSync } from 'node:fs';
import { link, lstat, rename, rm } from 'node:fs/promises';
import type { Server } from 'node:net';

import { isRefused } from '../listener/is-refused.js';
import { listenOnce } from '../listener/listen-once.js';

/** How long a connect may take; a local socket refuses it at once or not at all. */
const PROBE_MS = 500;
/** sun_path in unix(4) of the BSDs and macOS holds 104 bytes, a NUL included. */
const MAX_PATH_BYTES = 103;
/** The longest suffix that is appended to the path: a dot, and an inode in decimal digits. */
const MAX_SUFFIX_BYTES = 21;

export interface BoundSocket {
  readonly server: Server;
  /** Frees the path for the next process. */
  readonly release: () => void;
}

/**
 * Listens on a socket file. Such a file outlives its process: one that no process listens on any more is replaced.
 *
 * @throws {NodeJS.ErrnoException} EADDRINUSE: another process listens on it
 */
export async function bindSocketFile(path: string): Promise<BoundSocket> {
  if (Buffer.byteLength(path) + MAX_SUFFIX_BYTES > MAX_PATH_BYTES) {
    throw new Error(`ENAMETOOLONG: a path for a socket has at most ${MAX_PATH_BYTES - MAX_SUFFIX_BYTES} bytes`);
  }
  // It listens before it has the name that others connect to. So a refusal on that name means that its process is dead.
  const own = `${path}.new-${crypto.randomUUID().slice(0, 8)}`;
  const server = await listenOnce({ path: own });
  try {
    // The path is removed before the socket is closed: after that it could already be the successor's.
    if (await takeName(own, path)) return { server, release: () => rmSync(path, { force: true }) };
  } catch (error) {
    server.close();
    throw error;
  } finally {
    await rm(own, { force: true });
  }
  server.close();
  throw Object.assign(new Error(`listen EADDRINUSE: address already in use ${path}`), { code: 'EADDRINUSE' });
}

/** A socket file that no process listens on any more. */
interface DeadSocket {
  readonly path: string;
  readonly inode: bigint;
}

/**
 * Gives a listening socket a name, as the first, or as the successor of a dead one. The right to succeed inode `i` is
 * the name `<name>.<i>`, which link(2) gives to one process alone. The process that has it, and sees the dead socket
 * still in place, is the only one that may rename over it. A successor that dies before it does is succeeded in turn.
 *
 * @returns false when another process that runs has the name, or the right to it
 */
async function takeName(own: string, name: string): Promise<boolean> {
  for (;;) {
    if (await linkIfFree(own, name)) return true;
    const dead: DeadSocket[] = [];
    for (let path = name; ;) {
      const inode = await inodeOf(path);
      if (inode === undefined) break;
      if (!(await isRefused({ socketPath: path }, PROBE_MS))) return false;
      dead.push({ path, inode });
      const right = `${name}.${inode}`;
      if (await linkIfFree(own, right)) {
        if (await succeed(dead, right, name)) return true;
        break;
      }
      path = right;
    }
  }
}

/** @returns false when another process has taken the place since it was looked at */
async function succeed(dead: readonly DeadSocket[], right: string, name: string): Promise<boolean> {
  for (const one of dead) {
    if (!(await isStillDead(one))) {
      await rm(right, { force: true });
      return false;
    }
  }
  await rename(right, name);
  for (const { path } of dead.slice(1)) await rm(path, { force: true });
  return true;
}

/** Inodes are used again, so the inode must be the same before and after the connection is refused. */
async function isStillDead({ path, inode }: DeadSocket): Promise<boolean> {
  if ((await inodeOf(path)) !== inode) return false;
  if (!(await isRefused({ socketPath: path }, PROBE_MS))) return false;
  return (await inodeOf(path)) === inode;
}

/** Unlike rename(2), link(2) replaces nothing. */
async function linkIfFree(existing: string, name: string): Promise<boolean> {
  try {
    await link(existing, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  try {
    return (await lstat(path, { bigint: true })).ino;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
