import { endianness } from 'node:os';

import { portInTable } from '../common/kernel-table.js';
import { canonicalIPv6, ipv6Groups } from '../listener/listen-address.js';

/** The start of an IPv4 address that is mapped into IPv6 (RFC 4291, 2.5.5.2), in the words of the table. */
const MAPPED = [0, 0, 0xffff];

/** The two ends of a connection, as `net.Socket` has them. */
export interface ConnectionEnds {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

/** The users of established connections, by the ends of each, as the tables spell them. */
export type ConnectionUsers = ReadonlyMap<string, number>;

/**
 * A row is `sl local remote st tx:rx tr:when retransmits uid timeout inode`. Only an established socket (01) with an inode
 * counts: the kernel shows uid 0 for one that its process has closed.
 */
const ESTABLISHED = /^ *\d+: ([\dA-F]+:[\dA-F]{4} [\dA-F]+:[\dA-F]{4}) 01 \S+ \S+ \S+ +(\d+) +\d+ +[1-9]/gm;

/** Reads the tables once for all that is asked of them: another user can make them long. */
export function readConnectionUsers(tables: string): ConnectionUsers {
  return new Map([...tables.matchAll(ESTABLISHED)].map(([, ends = '', uid]) => [ends, Number(uid)]));
}

/**
 * The uid of the socket at the remote end of a connection within this machine. All four of its numbers have to match: a
 * client may have a connection from the same port to another address of this machine, where another user listens.
 */
export function uidOf(users: ConnectionUsers, ends: ConnectionEnds): number | undefined {
  const { remoteAddress, remotePort, localAddress, localPort } = ends;
  if (remoteAddress === undefined || localAddress === undefined) return undefined;
  const [client, server] = [remotePort, localPort].map((port = 0) => portInTable(port));
  const servers = formsOf(localAddress);
  return formsOf(remoteAddress)
    .map((address, form) => users.get(`${address}:${client} ${servers[form]}:${server}`))
    .find((uid) => uid !== undefined);
}

/** An address as the tables have it: 32-bit words in the byte order of the machine. */
function formsOf(address: string): string[] {
  const plain = address.includes(':') ? canonicalIPv6(address.replace(/%.*$/, '')) : address;
  if (plain.includes(':')) {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = ipv6Groups(plain);
    return [wordsOf([word(a, b), word(c, d), word(e, f), word(g, h)])];
  }
  const [a = 0, b = 0, c = 0, d = 0] = plain.split('.').map(Number);
  const ipv4 = word((a << 8) | b, (c << 8) | d);
  return [wordsOf([ipv4]), wordsOf([...MAPPED, ipv4])];
}

function word(high: number, low: number): number {
  return ((high << 16) | low) >>> 0;
}

function wordsOf(words: readonly number[]): string {
  const bytes = Buffer.alloc(4 * words.length);
  words.forEach((word, index) => bytes.writeUInt32BE(word, 4 * index));
  if (endianness() === 'LE') bytes.swap32();
  return bytes.toString('hex').toUpperCase();
}
