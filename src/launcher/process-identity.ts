import { isAlive, isProcOfThisNamespace, parseProcessStat, readTextIfAllowed } from '../common/process-files.js';

const PS_TIMEOUT_MS = 2_000;
/** States of a process that has ended, which its parent has not waited for yet (proc_pid_stat(5)). */
const ENDED = new Set<string | undefined>(['Z', 'X', 'x']);

/** What the operating system tells about a process ID. */
export interface ProcessStart {
  /** Whether a process with this ID runs. */
  readonly runs: boolean;
  /**
   * Tells this process from every other one that has had its ID. Compared as a whole, never parsed. Missing where the
   * operating system does not tell.
   */
  readonly mark?: string;
}

/** Looks a process up by its ID. Never throws. */
export function processStart(pid: number): ProcessStart {
  if (!isAlive(pid)) return { runs: false };
  if (process.platform === 'linux') {
    if (!isProcOfThisNamespace()) return { runs: true };
    return startOnLinux(readTextIfAllowed(`/proc/${pid}/stat`), readTextIfAllowed('/proc/sys/kernel/random/boot_id'));
  }
  const mark = markElsewhere(pid);
  return { runs: true, ...(mark !== undefined && { mark }) };
}

/**
 * @param processStat /proc/PID/stat
 * @param bootId /proc/sys/kernel/random/boot_id: without it, a process of another boot could have started at the same tick
 */
export function startOnLinux(processStat: string, bootId: string): ProcessStart {
  const { state, startTicks } = parseProcessStat(processStat);
  if (ENDED.has(state)) return { runs: false };
  // Where /proc is hidden from this user, the process ID is all there is.
  if (startTicks === undefined || bootId.trim() === '') return { runs: true };
  return { runs: true, mark: `linux ${bootId.trim()} ${startTicks}` };
}

/** @param output `lstart` of ps(1), such as `Sat Nov 21 10:02:03 2026` */
export function parseLstart(output: string): string | undefined {
  const start = output.trim().replace(/\s+/g, ' ');
  return /^\w{3} \w{3} \d{1,2} \d\d:\d\d:\d\d \d{4}$/.test(start) ? `lstart ${start}` : undefined;
}

/**
 * Whether the process that was seen before is the one that runs now. A mark that is missing on either side counts as the
 * same: taking a running process for a dead one is the worse mistake.
 */
export function isSameStart(seen: string | null, now: ProcessStart): boolean {
  return now.runs && (seen === null || now.mark === undefined || now.mark === seen);
}

/** Whether the start of both is known, and the same: a signal must not reach a process that only may be the one. */
export function isCertainlySame(seen: string | null, now: ProcessStart): boolean {
  return now.runs && seen !== null && now.mark === seen;
}

/** On Windows only separate programs show the start of a process, and they take too long. */
function markElsewhere(pid: number): string | undefined {
  if (process.platform === 'win32') return undefined;
  try {
    // Loaded here, since a gateway in the background looks processes up as well, and Linux need not pay for it.
    const { execFileSync } = process.getBuiltinModule('node:child_process');
    // In other locales and time zones the same instant is written differently.
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    const options = { env, stdio: [...stdio], timeout: PS_TIMEOUT_MS, encoding: 'utf8' as const };
    return parseLstart(execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], options));
  } catch {
    return undefined;
  }
}
