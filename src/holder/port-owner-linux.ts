import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';

import type { PortOwner } from '../lock/listener/holder.js';
import {
  hasGatewayTitle,
  isOfConnection,
  parseListeningSocket,
  parseListeningUnixSocket,
  parseStartTime,
  parseStatus,
  parseUserName,
  type ListeningSocket,
} from './proc-files.js';
import { readableCommand } from './readable-command.js';
import { canonicalAddress, hostsToAsk, listenersServing } from './serving-address.js';

/** Arguments can take megabytes. */
const MAX_COMMAND_BYTES = 4096;
/** Of a row in /proc/net/tcp; those in tcp6 are longer. */
const ROW_BYTES = 150;

/**
 * Finds the listening socket in /proc/net, and the process that has it open in /proc/PID/fd (proc_pid_fd(5)). Where a
 * socket was inherited, one of the processes that have it.
 *
 * @returns `undefined` when nobody listens, or when it was not found before the deadline or among the processes that
 * this user may look into
 */
export async function findPortOwnerOnLinux(
  host: string,
  port: number,
  deadline: number,
  pidHint?: number | Promise<number | undefined>,
): Promise<PortOwner | undefined> {
  const inodes = listenersServing(listenersOn(host, port), host).map(({ inode }) => inode);
  return findOwnerOfSockets(inodes, deadline, pidHint);
}

/**
 * The sockets that listen on a port, up to the one that a connection to `host` comes to before all others. Row by row,
 * since the kernel reads ahead for whoever has room for more: after those that listen, through a table of all others
 * that takes milliseconds even where it is empty.
 */
function listenersOn(host: string, port: number): ListeningSocket[] {
  const [first] = hostsToAsk(host).map(canonicalAddress);
  const listeners: ListeningSocket[] = [];
  for (const table of ['tcp', 'tcp6']) {
    for (const row of rowsOf(`/proc/net/${table}`)) {
      if (isOfConnection(row)) break;
      const socket = parseListeningSocket(row, port);
      if (socket) listeners.push(socket);
      if (socket?.address === first) return listeners;
    }
  }
  return listeners;
}

/** None where there is no such table, such as tcp6 on a machine without IPv6. */
function* rowsOf(path: string): Generator<string> {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return;
  }
  try {
    const buffer = Buffer.alloc(ROW_BYTES);
    let text = '';
    for (let length = readSync(descriptor, buffer); length > 0; length = readSync(descriptor, buffer)) {
      const rows = (text + buffer.toString('latin1', 0, length)).split('\n');
      text = rows.pop() ?? '';
      yield* rows;
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Finds a Unix socket by its name in /proc/net/unix, and its process as that of a port. */
export async function findSocketOwnerOnLinux(
  socketPath: string,
  deadline: number,
  pidHint?: number | Promise<number | undefined>,
): Promise<PortOwner | undefined> {
  const inode = parseListeningUnixSocket(await textOf('/proc/net/unix'), socketPath);
  return findOwnerOfSockets(inode === undefined ? [] : [inode], deadline, pidHint);
}

async function findOwnerOfSockets(
  inodes: readonly string[],
  deadline: number,
  pidHint?: number | Promise<number | undefined>,
): Promise<PortOwner | undefined> {
  const links = new Set(inodes.map((inode) => `socket:[${inode}]`));
  if (links.size === 0) return undefined;
  const pid = await findProcess(links, deadline, await pidHint);
  return pid === undefined ? undefined : describeProcess(pid);
}

async function findProcess(
  links: ReadonlySet<string>,
  deadline: number,
  pidHint?: number,
): Promise<number | undefined> {
  if (pidHint !== undefined && hasOpen(pidHint, links, deadline)) return pidHint;

  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  for (const pid of pids) {
    if (performance.now() >= deadline) return undefined;
    if (hasOpen(pid, links, deadline)) return pid;
    // The port may be answering meanwhile.
    await turn();
  }
  return undefined;
}

/**
 * Other users' processes cannot be looked into, and any can be gone by now: neither has it. Without promises: a link is
 * read in microseconds, of which one through the thread pool takes a hundred, and there are thousands of them.
 */
function hasOpen(pid: number, links: ReadonlySet<string>, deadline: number): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    for (const descriptor of readdirSync(folder)) {
      if (performance.now() >= deadline) return false;
      if (links.has(linkOf(`${folder}/${descriptor}`))) return true;
    }
  } catch {
    // Not ours to look at, or gone.
  }
  return false;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

async function describeProcess(pid: number): Promise<PortOwner> {
  const [commandLine, status, processStat, systemStat] = await Promise.all([
    commandLineOf(pid),
    textOf(`/proc/${pid}/status`),
    textOf(`/proc/${pid}/stat`),
    textOf('/proc/stat'),
  ]);
  const { uid, pidsInNamespaces } = parseStatus(status);
  const user = uid === undefined ? undefined : await nameOf(uid);
  const command = readableCommand(commandLine.replace(/\0+$/, '').replaceAll('\0', ' '));
  const startedAt = parseStartTime(processStat, systemStat);
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

async function nameOf(uid: number): Promise<string | undefined> {
  const name = parseUserName(await textOf('/etc/passwd'), uid);
  if (name !== undefined || uid !== process.geteuid?.()) return name;
  // Last, since it blocks, perhaps on a directory server.
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/** Empty for what is not there, such as tcp6 on a machine without IPv6, or cannot be read. */
async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

async function commandLineOf(pid: number): Promise<string> {
  const file = await open(`/proc/${pid}/cmdline`).catch(() => undefined);
  try {
    const read = await file?.read({ buffer: Buffer.alloc(MAX_COMMAND_BYTES) });
    return read?.buffer.toString('utf8', 0, read.bytesRead) ?? '';
  } catch {
    return '';
  } finally {
    await file?.close();
  }
}
