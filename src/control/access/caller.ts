import { isIPv6 } from 'node:net';

import { standsForMany } from '../../common/user-namespace.js';
import type { ConnectionEnds } from '../../holder/connection-user.js';
import { ipv6Groups } from '../../listener/listen-address.js';
import { forwardedFor } from '../../serving/forwarded-for.js';
import { plainAddress } from './plain-address.js';
import type { SocketUsers } from './socket-user.js';

/** A caller is told apart from others by its name. */
export interface Caller {
  readonly name: string;
  /** Whether it can read the token anyway: a process of the gateway's own user, or of root. */
  readonly isTrusted: boolean;
}

const ROOT = 0;
const GROUPS_OF_A_NETWORK = 4;

/**
 * Who shows a token: on loopback a user of this machine, where the system tells which, and elsewhere an address. An IPv6
 * caller usually has a whole /64 of addresses (RFC 6177), and this machine has all of 127.0.0.0/8. Behind a proxy, it is
 * never the user of the proxy.
 */
export async function callerOf(ends: ConnectionEnds, users: SocketUsers): Promise<Caller> {
  const behindProxy = forwardedFor(ends);
  if (behindProxy !== undefined) return { name: networkOf(plainAddress(behindProxy)), isTrusted: false };
  const { remoteAddress = 'unknown' } = ends;
  const address = plainAddress(remoteAddress);
  if (address !== '::1' && !address.startsWith('127.')) return { name: networkOf(address), isTrusted: false };
  const uid = await users.uidOf(ends);
  if (uid === undefined) return { name: 'this machine', isTrusted: false };
  const isOwn = uid === process.getuid?.() && !standsForMany(uid);
  return { name: `user ${uid}`, isTrusted: uid === ROOT || isOwn };
}

function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const groups = ipv6Groups(address).map((group) => group.toString(16));
  return `${groups.slice(0, GROUPS_OF_A_NETWORK).join(':')}::/64`;
}
