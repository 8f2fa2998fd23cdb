import { pagesOf, TCP_TABLES } from '../common/kernel-table.js';
import type { HostPort } from './endpoint.js';
import { canonicalIPv6, hasIPv6Form, IPV4_WILDCARD, IPV6_WILDCARD } from './listen-address.js';

/** The length of a row in /proc/net/tcp; those in tcp6 are longer. */
const ROW_BYTES = 150;

/** A listening socket in /proc/net/tcp or tcp6 (proc_pid_net(5)). */
export interface ListeningSocket {
  /** In canonical spelling; a v4-mapped one as IPv4. */
  readonly address: string;
  readonly inode: string;
  /** The user whose process made the socket, as this process sees it (sock_i_uid in net/core/sock.c). */
  readonly uid: number;
}

/**
 * Whether a socket listens on an address, or on all addresses of its family, as Linux has it in its tables. No connection
 * is made: it would start a service whose socket a service manager holds.
 *
 * @param endpoint its host is an IP address
 * @returns false where it is not known, as on systems without these tables
 */
export function isListenedOn({ host, port }: HostPort): boolean {
  const wildcard = hasIPv6Form(host) ? IPV6_WILDCARD : IPV4_WILDCARD;
  // The tables have no zones.
  const addresses = [host.replace(/%.*$/, ''), wildcard];
  for (const { address } of listeningSockets(port)) if (addresses.includes(address)) return true;
  return false;
}

/**
 * The sockets that listen on a port. It reads row by row: the kernel fills the buffer that it is given, and would go on
 * through its table of all other sockets, which takes milliseconds even where that table is empty.
 */
export function* listeningSockets(port: number, tables: readonly string[] = TCP_TABLES): Generator<ListeningSocket> {
  for (const table of tables) {
    for (const row of rowsOf(table)) {
      if (isConnectionRow(row)) break;
      const socket = parseListeningSocket(row, port);
      if (socket) yield socket;
    }
  }
}

function* rowsOf(table: string): Generator<string> {
  for (const page of pagesOf(table, ROW_BYTES)) yield* page.split('\n');
}

/** `sl local remote st(0A: LISTEN) tx:rx tr:when retransmits uid timeout inode`. */
const LISTEN_ROW =
  /^ *\d+: ([\dA-F]{8}|[\dA-F]{32}):([\dA-F]{4}) [\dA-F]+:[\dA-F]{4} 0A \S+ \S+ \S+ +(\d+) +\d+ +(\d+)\b/;
const OTHER_ROW = /^ *\d+: \S+ \S+ (?!0A)/;

/** The socket in a row of the table, if it listens on the port. */
export function parseListeningSocket(row: string, port: number): ListeningSocket | undefined {
  const [, address = '', hex = '', uid = '', inode = ''] = LISTEN_ROW.exec(row) ?? [];
  return parseInt(hex, 16) === port ? { address: parseAddress(address), inode, uid: Number(uid) } : undefined;
}

/** Whether the socket in a row does not listen. Listening ones come before all others (net/ipv4/tcp_ipv4.c). */
export function isConnectionRow(row: string): boolean {
  return OTHER_ROW.test(row);
}

/** The kernel prints an address as 32-bit words in the byte order of the machine. */
function parseAddress(hex: string): string {
  const words = Array.from(hex.matchAll(/.{8}/g), ([word]) => parseInt(word, 16));
  const bytes = Buffer.from(Uint32Array.from(words).buffer);
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from(bytes.toString('hex').matchAll(/.{4}/g), ([group]) => group);
  return canonicalIPv6(groups.join(':'));
}
