import { rmSync } from 'node:fs';
import { link, lstat, rename, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';

import { isRefused } from '../listener/is-refused.js';

/** How long a connect may take; one to a local socket is refused at once or not at all. Milliseconds. */
const PROBE_MS = 500;
/** sun_path in unix(4) of the BSDs and macOS holds 104 bytes, a NUL included. */
const MAX_PATH_BYTES = 103;
/** The longest that is put behind the path: a dot, and an inode. */
const MAX_SUFFIX_BYTES = 21;

export interface BoundSocket {
  readonly server: Server;
  /** Lets the next one have the path. */
  readonly release: () => void;
}

/** One exclusive try to listen on a local socket; connections wait until they are resumed. */
export function listenOn(socketPath: string): Promise<Server> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // `exclusive` keeps node:cluster from sharing the socket among workers.
    server.listen({ path: socketPath, exclusive: true }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

/**
 * Listens on a socket file that outlives its process, and takes the place of one that is dead.
 *
 * @throws {NodeJS.ErrnoException} EADDRINUSE: one that lives is there
 */
export async function bindSocketFile(path: string): Promise<BoundSocket> {
  if (Buffer.byteLength(path) + MAX_SUFFIX_BYTES > MAX_PATH_BYTES) {
    throw new Error(`ENAMETOOLONG: a path for a socket has at most ${MAX_PATH_BYTES - MAX_SUFFIX_BYTES} bytes`);
  }
  // It listens before it has the name that others look at, where a refusal therefore means death.
  const own = `${path}.new-${crypto.randomUUID().slice(0, 8)}`;
  const server = await listenOn(own);
  try {
    // First the path, then the socket: the other way round, it could be the successor's by then.
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

/** A name of a socket that nobody listens on any more. */
interface Dead {
  readonly path: string;
  readonly inode: bigint;
}

/**
 * Gives a listening socket a name, as the first, or as the successor of a dead one. The right to succeed inode `i` is
 * the name `<name>.<i>`, which link(2) gives to one alone; whoever has it, and sees the dead one still in place, is the
 * only one who may rename over it. A successor that dies before it does has a successor in turn.
 *
 * @returns false when somebody who lives has the name, or the right to it
 */
async function takeName(own: string, name: string): Promise<boolean> {
  for (;;) {
    if (await linked(own, name)) return true;
    const dead: Dead[] = [];
    for (let path = name; ;) {
      const inode = await inodeOf(path);
      if (inode === undefined) break;
      if (!(await isRefused({ socketPath: path }, PROBE_MS))) return false;
      dead.push({ path, inode });
      const right = `${name}.${inode}`;
      if (await linked(own, right)) {
        if (await succeed(dead, right, name)) return true;
        break;
      }
      path = right;
    }
  }
}

/** @returns false when another has taken the place since it was looked at */
async function succeed(dead: readonly Dead[], right: string, name: string): Promise<boolean> {
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

/** Inodes are used again: its socket must be refused while the name is seen to be the same. */
async function isStillDead({ path, inode }: Dead): Promise<boolean> {
  if ((await inodeOf(path)) !== inode) return false;
  if (!(await isRefused({ socketPath: path }, PROBE_MS))) return false;
  return (await inodeOf(path)) === inode;
}

/** Unlike a rename, a link replaces nothing. */
async function linked(existing: string, name: string): Promise<boolean> {
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
