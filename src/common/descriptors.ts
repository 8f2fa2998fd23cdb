import { readTextIfAllowed } from './process-files.js';

/**
 * How many file descriptors this process may have open (proc_pid_limits(5)); `undefined` where the system sets no limit,
 * or does not say. It is the end: Node raises the soft limit to the hard one when it starts (setrlimit(2)).
 */
export function descriptorLimit(): number | undefined {
  const [, limit] = /^Max open files +(\d+)/m.exec(readTextIfAllowed('/proc/self/limits')) ?? [];
  return limit === undefined ? undefined : Number(limit);
}

/** Whether this process (EMFILE), or this machine (ENFILE), has no file descriptor left (open(2), accept(2)). */
export function isOutOfDescriptors(error: unknown): boolean {
  return ['EMFILE', 'ENFILE'].includes((error as NodeJS.ErrnoException).code ?? '');
}
