import { readFileSync } from 'node:fs';

/** How long `ps` may take. Milliseconds. */
const PS_TIMEOUT_MS = 2_000;
/** Of /proc/PID/stat: ended, and only not yet waited for by its parent. */
const ENDED = new Set(['Z', 'X', 'x']);

/** What the operating system tells of a process number. */
export interface ProcessStart {
  /** Whether a process with this number runs. */
  readonly runs: boolean;
  /**
   * What no other process with this number has: compared as it is, never read. Undefined where it cannot be found out.
   */
  readonly mark?: string;
}

/** Looks a process up by its number; never throws. */
export function processStart(pid: number): ProcessStart {
  if (!answersToSignals(pid)) return { runs: false };
  const mark = process.platform === 'linux' ? undefined : markElsewhere(pid);
  if (process.platform !== 'linux') return { runs: true, ...(mark !== undefined && { mark }) };
  return parseProcStat(textOf(`/proc/${pid}/stat`), textOf('/proc/sys/kernel/random/boot_id'));
}

/**
 * @param processStat /proc/PID/stat (proc_pid_stat(5)): field 3 is the state, field 22 the start in ticks since the boot
 * @param bootId /proc/sys/kernel/random/boot_id: without it, the ticks of another boot could be the same
 */
export function parseProcStat(processStat: string, bootId: string): ProcessStart {
  // The name of the program, field 2, can hold blanks and parentheses.
  const fieldsFrom3 = processStat.slice(processStat.lastIndexOf(')') + 2).split(' ');
  const [state = ''] = fieldsFrom3;
  const ticks = fieldsFrom3[22 - 3];
  if (ENDED.has(state)) return { runs: false };
  // Where /proc is hidden from this user, the number is all there is.
  if (ticks === undefined || !/^\d+$/.test(ticks) || bootId.trim() === '') return { runs: true };
  return { runs: true, mark: `linux ${bootId.trim()} ${ticks}` };
}

/** @param output `lstart` of ps(1), such as `Sat Nov 21 10:02:03 2026` */
export function parseLstart(output: string): string | undefined {
  const start = output.trim().replace(/\s+/g, ' ');
  return /^\w{3} \w{3} \d{1,2} \d\d:\d\d:\d\d \d{4}$/.test(start) ? `lstart ${start}` : undefined;
}

/**
 * Whether the process that was seen before is the one that runs now. A mark that is missing on either side says nothing
 * against it: to take a running process for a dead one is the worse mistake.
 */
export function isSameStart(seen: string | null, now: ProcessStart): boolean {
  return now.runs && (seen === null || now.mark === undefined || now.mark === seen);
}

/** Windows shows the start of a process only to programs of its own that take too long. */
function markElsewhere(pid: number): string | undefined {
  if (process.platform === 'win32') return undefined;
  try {
    // Loaded here alone, since a gateway in the background asks for a process too, and Linux need not pay for it.
    const { execFileSync } = process.getBuiltinModule('node:child_process');
    // In other locales and zones the same instant is written differently.
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    const options = { env, stdio: [...stdio], timeout: PS_TIMEOUT_MS, encoding: 'utf8' as const };
    return parseLstart(execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], options));
  } catch {
    return undefined;
  }
}

function answersToSignals(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
