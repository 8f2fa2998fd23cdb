import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The text of a file of the system; empty where it is missing, or this user may not read it. */
export function readTextIfAllowed(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Where a symbolic link leads; empty where there is none, or this user may not read it. */
export function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** The processes that /proc lists (proc(5)), of all users. */
export function processIds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** In the /proc of another PID namespace (pid_namespaces(7)), the numbers are those of other processes. */
export function isProcOfThisNamespace(): boolean {
  return linkOf('/proc/self') === String(process.pid);
}

/** The fields of /proc/PID/stat that are of use here (proc_pid_stat(5)); each is missing where the text has none. */
export interface ProcessStat {
  /** Field 3, one letter: `R` runs, `S` sleeps, `Z` has ended and its parent has not waited for it. */
  readonly state: string | undefined;
  /** Field 4, the process ID of the parent. */
  readonly parent: number | undefined;
  /** Field 22, the start of the process in clock ticks since the boot, in decimal digits. */
  readonly startTicks: string | undefined;
}

export function parseProcessStat(text: string): ProcessStat {
  // Field 2, the name of the program in parentheses, can itself hold blanks and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const digits = (number: number): string | undefined => /^\d+$/.exec(fields[number - 3] ?? '')?.[0];
  const parent = digits(4);
  return { state: fields[0], parent: parent === undefined ? undefined : Number(parent), startTicks: digits(22) };
}

/** Whether a process with this number exists, of any user (kill(2), signal 0). A zombie counts. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
