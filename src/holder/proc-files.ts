import { parseProcessStat } from '../common/process-files.js';
import { GATEWAY_SERVICE } from './card.js';

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
