import { closeSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';

import { canonicalIPv6, ipv6Groups } from '../listener/listen-address.js';

/** proc_pid_net(5). A client of a dual-stack socket has its row in the table of IPv6. */
export const TCP_TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

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

/** The kernel gives no more of a table at a time, whatever the buffer (seq_read_iter in fs/seq_file.c). */
const PAGE_BYTES = 4096;

/**
 * The rows of a table of the kernel, a page of them at a time. Synchronous, and into one buffer: another user can make a
 * table long, and `readFile` takes three times as long for the many small reads of one. Yields nothing where there is no
 * such table.
 */
export function* pagesOf(path: string): Generator<string> {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return;
  }
  try {
    const page = Buffer.alloc(PAGE_BYTES);
    let rest = '';
    for (let length = readSync(descriptor, page); length > 0; length = readSync(descriptor, page)) {
      const text = rest + page.toString('latin1', 0, length);
      const end = text.lastIndexOf('\n') + 1;
      rest = text.slice(end);
      yield text.slice(0, end);
    }
  } finally {
    closeSync(descriptor);
  }
}

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
  const [client, server] = [remotePort, localPort].map((port = 0) => port.toString(16).toUpperCase().padStart(4, '0'));
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
