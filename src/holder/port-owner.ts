import type { Socket } from 'node:net';

import { within } from '../common/deadline.js';
import { standsForMany } from '../common/user-namespace.js';
import type { Ownership, PortOwner } from '../listener/holder.js';
import { findPortOwnerElsewhere } from './port-owner-elsewhere.js';
import {
  findPortOwnerOnLinux,
  findSocketOwnerOnLinux,
  hasGatewayTitleOnLinux,
  nameOf,
  socketUserOfPeer,
  socketUserOnLinux,
  type PidHint,
} from './port-owner-linux.js';

/**
 * Asks the operating system which process listens on an address of this machine. Best effort; never rejects.
 *
 * @param host `localhost` or an IP address; for a wildcard, the process found is one that a bind to it collides with
 * @param deadline on the clock of `performance.now()`, in milliseconds
 * @param hint the process to look at first, once it is known
 * @returns `unknown` when nothing listens, when this user may not look, or when it was not found in time
 */
export async function findPortOwner(
  host: string,
  port: number,
  deadline: number,
  hint?: PidHint,
): Promise<PortOwner | 'unknown'> {
  const look = process.platform === 'linux' ? findPortOwnerOnLinux : findPortOwnerElsewhere;
  return before(deadline, () => look(host, port, deadline, hint));
}

/**
 * Asks the operating system which process listens on a local socket, as {@link findPortOwner} does. Only Linux tells;
 * elsewhere it is `unknown`.
 */
export async function findSocketOwner(
  socketPath: string,
  deadline: number,
  hint?: PidHint,
): Promise<PortOwner | 'unknown'> {
  if (process.platform !== 'linux') return 'unknown';
  return before(deadline, () => findSocketOwnerOnLinux(socketPath, deadline, hint));
}

/** Whose process made a socket. */
export interface PortUser {
  readonly ownership: Ownership;
  /** The name of the other user, or `uid` and its number where it has none here. */
  readonly user?: string;
}

/**
 * Whether the socket that listens on an address was made by a process of this user. Only Linux tells; elsewhere it is
 * `unknown`.
 */
export function userOfPort(host: string, port: number): PortUser {
  return whose(process.platform === 'linux' ? socketUserOnLinux(host, port) : undefined);
}

function whose(uid: number | undefined): PortUser {
  if (uid === undefined) return { ownership: 'unknown' };
  const isNumberOfMany = standsForMany(uid);
  if (uid === process.geteuid?.()) return { ownership: isNumberOfMany ? 'unknown' : 'same user' };
  return { ownership: 'other user', ...(!isNumberOfMany && { user: nameOf(uid) ?? `uid ${uid}` }) };
}

/**
 * Whether the process with this number calls itself a gateway, as far as this process sees. If not, the number is one of
 * another PID namespace (pid_namespaces(7)), or a lie. True where the operating system has no such namespaces.
 */
export function isPidOfGateway(pid: number): boolean {
  return process.platform !== 'linux' || hasGatewayTitleOnLinux(pid);
}

/**
 * Whether the process at the other end of a connection within this machine belongs to this user. Two sockets have to: the
 * accepted one, and the one that listens. Another user may listen by now, and the accepted socket alone could be that of
 * a program which inherited a listener. A listener that was passed on, by inheritance or over a local socket (SCM_RIGHTS
 * in unix(7)), keeps the user that made it. A socket that is accepted from it has the user that accepts.
 */
export function userOfConnection(socket: Socket): PortUser {
  const { remoteAddress, remotePort } = socket;
  if (process.platform !== 'linux' || remoteAddress === undefined || remotePort === undefined) return whose(undefined);
  const listens = userOfPort(remoteAddress, remotePort);
  // Last, since it takes milliseconds.
  return listens.ownership === 'same user' ? whose(socketUserOfPeer(socket)) : listens;
}

async function before(deadline: number, look: () => Promise<PortOwner | undefined>): Promise<PortOwner | 'unknown'> {
  const remainingMs = deadline - performance.now();
  if (remainingMs <= 0) return 'unknown';

  try {
    // A read from /proc waits for the memory of the other process, and that can be for ever.
    return (await within(look(), remainingMs)) ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
