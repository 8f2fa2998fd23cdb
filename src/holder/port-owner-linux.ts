import { close, open, read, readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';

import { pagesOf, TCP_TABLES } from '../common/kernel-table.js';
import { readableCommand } from '../common/printable.js';
import { isProcOfThisNamespace, linkOf, processIds, readTextIfAllowed } from '../common/process-files.js';
import type { PortOwner } from '../listener/holder.js';
import { listeningSockets, type ListeningSocket } from '../listener/listening-sockets.js';
import { readConnectionUsers, uidOf, type ConnectionEnds } from './connection-user.js';
import { hasGatewayTitle, parseListeningUnixSocket, parseStartTime, parseStatus, parseUserName } from './proc-files.js';
import { canonicalAddress, hostsToAsk, listenersServing } from './serving-address.js';

/** The arguments of a process can take megabytes. */
const MAX_COMMAND_BYTES = 4096;

// Not `node:fs/promises`, with which Node loads ten modules more: a refused start uses it for nothing else.
const [openAt, readFrom, closeAt] = [promisify(open), promisify(read), promisify(close)];

/** The process to look at before all others, once it is known: asked for again and again while the search goes on. */
export type PidHint = () => number | undefined;

/**
 * Finds the listening socket in /proc/net, and the process that has it open in /proc/PID/fd (proc_pid_fd(5)). Where a
 * socket was inherited, that is one of the processes that have it.
 *
 * @returns `undefined` when nothing listens, when this user may not look into the process, and after the deadline
 */
export async function findPortOwnerOnLinux(
  host: string,
  port: number,
  deadline: number,
  hint?: PidHint,
): Promise<PortOwner | undefined> {
  return findOwnerOfSockets(socketsServing(host, port), deadline, hint);
}

/** The sockets that a connection to `host` can reach, as /proc/PID/fd names them. */
export function socketsServing(host: string, port: number): ReadonlySet<string> {
  return namesOf(listenersServing(listenersOn(host, port), host).map(({ inode }) => inode));
}

function namesOf(inodes: readonly string[]): ReadonlySet<string> {
  return new Set(inodes.map((inode) => `socket:[${inode}]`));
}

/** The sockets that listen on a port, up to the one that a connection to `host` reaches before all others. */
function listenersOn(host: string, port: number): ListeningSocket[] {
  const [first = host] = hostsToAsk(host);
  const comesFirst = canonicalAddress(first);
  const listeners: ListeningSocket[] = [];
  for (const socket of listeningSockets(port)) {
    listeners.push(socket);
    if (socket.address === comesFirst) break;
  }
  return listeners;
}

/**
 * The user whose process made the socket that a connection to `host` reaches. Readable for every user, unlike the process
 * itself, and not changed when the socket is inherited.
 *
 * @returns `undefined` where nothing listens, the kernel does not tell, or several users share the port
 */
export function socketUserOnLinux(host: string, port: number): number | undefined {
  const [first, ...others] = new Set(listenersServing(listenersOn(host, port), host).map(({ uid }) => uid));
  return others.length === 0 ? first : undefined;
}

/**
 * The user of the socket at the other end of a connection within this machine: of the process that has accepted it.
 *
 * @returns `undefined` where the kernel does not tell
 */
export function socketUserOfPeer(ends: ConnectionEnds): number | undefined {
  for (const table of TCP_TABLES) {
    for (const page of pagesOf(table)) {
      const uid = uidOf(readConnectionUsers(page), ends);
      if (uid !== undefined) return uid;
    }
  }
  return undefined;
}

/** Finds a Unix socket by its name in /proc/net/unix, and its process as {@link findPortOwnerOnLinux} does. */
export async function findSocketOwnerOnLinux(
  socketPath: string,
  deadline: number,
  hint?: PidHint,
): Promise<PortOwner | undefined> {
  const inode = parseListeningUnixSocket(readTextIfAllowed('/proc/net/unix'), socketPath);
  return findOwnerOfSockets(namesOf(inode === undefined ? [] : [inode]), deadline, hint);
}

async function findOwnerOfSockets(
  links: ReadonlySet<string>,
  deadline: number,
  hint?: PidHint,
): Promise<PortOwner | undefined> {
  if (links.size === 0 || !isProcOfThisNamespace()) return undefined;
  const pid = await findProcess(links, deadline, hint);
  return pid === undefined ? undefined : describeProcess(pid);
}

async function findProcess(
  links: ReadonlySet<string>,
  deadline: number,
  hint: PidHint = () => undefined,
): Promise<number | undefined> {
  let looked: number | undefined;
  const isHinted = (): boolean => {
    const pid = hint();
    if (pid === undefined || pid === looked) return false;
    looked = pid;
    return hasOpen(pid, links, deadline);
  };
  if (isHinted()) return looked;

  let found: number | undefined;
  for (const pid of processIds()) {
    if (performance.now() >= deadline) break;
    if (hasOpen(pid, links, deadline)) {
      // A tool that a gateway runs, or a service manager, may have the socket too.
      if (hasGatewayTitle(readTextIfAllowed(`/proc/${pid}/cmdline`))) return pid;
      found ??= pid;
    }
    // Lets the event loop read what the port may have answered meanwhile.
    await turn();
    if (isHinted()) return looked;
  }
  return found;
}

/**
 * Whether a process has one of the sockets open; false where it has ended, or belongs to another user. Synchronous, since
 * there are thousands of links: a synchronous read takes a microsecond or so, one through the thread pool a hundred.
 */
export function hasOpen(pid: number, links: ReadonlySet<string>, deadline: number): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    for (const descriptor of readdirSync(folder)) {
      if (performance.now() >= deadline) return false;
      if (links.has(linkOf(`${folder}/${descriptor}`))) return true;
    }
  } catch {
    // It belongs to another user, or has ended.
  }
  return false;
}

/** Whether a process has the title of a gateway; false where it cannot be found by this number. */
export function hasGatewayTitleOnLinux(pid: number): boolean {
  return isProcOfThisNamespace() && hasGatewayTitle(readTextIfAllowed(`/proc/${pid}/cmdline`));
}

/** What this user may know of a process. */
export async function describeProcess(pid: number): Promise<PortOwner> {
  const commandLine = await commandLineOf(pid);
  const { uid, pidsInNamespaces } = parseStatus(readTextIfAllowed(`/proc/${pid}/status`));
  const user = uid === undefined ? undefined : nameOf(uid);
  const command = readableCommand(commandLine.replace(/\0+$/, '').replaceAll('\0', ' '));
  const startedAt = parseStartTime(readTextIfAllowed(`/proc/${pid}/stat`), readTextIfAllowed('/proc/stat'));
  return {
    pid,
    ...(user !== undefined && { user }),
    ...(uid !== undefined && { uid }),
    ...(command !== undefined && { command }),
    ...(startedAt !== undefined && { startedAt }),
    isGateway: hasGatewayTitle(commandLine),
    pidsInNamespaces: pidsInNamespaces.length > 0 ? pidsInNamespaces : [pid],
  };
}

/** The name of a user; `undefined` where this machine has none for it. */
export function nameOf(uid: number): string | undefined {
  const name = parseUserName(readTextIfAllowed('/etc/passwd'), uid);
  if (name !== undefined || uid !== process.geteuid?.()) return name;
  // Last, since it blocks this process, perhaps on a directory server.
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/** Through the thread pool, unlike the others: the kernel reads it from the memory of that process, and may wait for it. */
async function commandLineOf(pid: number): Promise<string> {
  const file = await openAt(`/proc/${pid}/cmdline`, 'r').catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { bytesRead, buffer } = await readFrom(file, Buffer.alloc(MAX_COMMAND_BYTES), 0, MAX_COMMAND_BYTES, null);
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return '';
  } finally {
    await closeAt(file);
  }
}
