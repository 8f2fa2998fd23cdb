import { endianness } from 'node:os';

import { parseProcessStat } from '../common/process-files.js';
import { canonicalIPv6 } from '../listener/listen-address.js';
import { GATEWAY_SERVICE } from './card.js';

/** A listening socket in /proc/net/tcp or tcp6 (proc_pid_net(5)). */
export interface ListeningSocket {
  /** In canonical spelling; a v4-mapped one as IPv4. */
  readonly address: string;
  readonly inode: string;
  /** The user whose process made the socket, as this process sees it (sock_i_uid in net/core/sock.c). */
  readonly uid: number;
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
  const bytes = Buffer.from(hex, 'hex');
  if (endianness() === 'LE') bytes.swap32();
  if (bytes.length === 4) return bytes.join('.');
  const groups = bytes.toString('hex').match(/.{4}/g) ?? [];
  return canonicalIPv6(groups.join(':'));
}

/** `num: references protocol flags type state inode path` in /proc/net/unix (unix(7)); 00010000, __SO_ACCEPTCON, listens. */
const LISTENING_UNIX_ROW = /^[\da-f]+: [\dA-F]+ [\dA-F]+ 00010000 \d+ \d+ +(\d+) (.*)$/gm;

/** The inode of the listening Unix socket of this name. The connections that it has accepted have the name too. */
export function parseListeningUnixSocket(table: string, socketPath: string): string | undefined {
  const name = socketPath.replace(/^\0/, '@');
  return Array.from(table.matchAll(LISTENING_UNIX_ROW)).find(([, , path]) => path === name)?.[1];
}

/** What /proc/PID/status says (proc_pid_status(5)). */
export interface ProcessStatus {
  /** The effective user. */
  readonly uid?: number;
  /** The process IDs in each PID namespace, the reader's first; empty where the kernel has no namespaces. */
  readonly pidsInNamespaces: readonly number[];
}

export function parseStatus(status: string): ProcessStatus {
  const [, effective] = numbersOf(status, 'Uid');
  return { ...(effective !== undefined && { uid: effective }), pidsInNamespaces: numbersOf(status, 'NSpid') };
}

function numbersOf(status: string, key: string): number[] {
  const [, values = ''] = new RegExp(`^${key}:([\\d\\s]*)$`, 'm').exec(status) ?? [];
  return values.trim().split(/\s+/).filter(Boolean).map(Number);
}

/** USER_HZ, which the kernel keeps at 100 towards programs whatever its own clock does (time(7)). */
const TICKS_PER_SECOND = 100;

/**
 * When a process started, in milliseconds since the epoch.
 *
 * @param processStat /proc/PID/stat, which has the start in ticks since the boot
 * @param systemStat /proc/stat (proc_stat(5)), whose line `btime` has the boot in seconds since the epoch
 */
export function parseStartTime(processStat: string, systemStat: string): number | undefined {
  const { startTicks } = parseProcessStat(processStat);
  const [, bootSeconds] = /^btime (\d+)$/m.exec(systemStat) ?? [];
  if (startTicks === undefined || bootSeconds === undefined) return undefined;
  return Number(bootSeconds) * 1000 + (Number(startTicks) * 1000) / TICKS_PER_SECOND;
}

/** A shorter rest of a title could be the name of another program. */
const MIN_TITLE_CHARACTERS = 'openclaw-'.length;

/**
 * Whether a process has given itself the title of a gateway. A title is written over the arguments, and is cut off where
 * they ended: over `node app.js` it has eleven characters.
 *
 * @param commandLine /proc/PID/cmdline (proc_pid_cmdline(5))
 */
export function hasGatewayTitle(commandLine: string): boolean {
  const [title = ''] = commandLine.split('\0', 1);
  if (title === GATEWAY_SERVICE) return true;
  const fillsItsRoom = commandLine.length === title.length + 1;
  return fillsItsRoom && title.length >= MIN_TITLE_CHARACTERS && GATEWAY_SERVICE.startsWith(title);
}

/** The name of a user, from /etc/passwd (passwd(5)). */
export function parseUserName(passwd: string, uid: number): string | undefined {
  return passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find(([, , id]) => id === String(uid))?.[0];
}
