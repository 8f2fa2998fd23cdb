import { readlinkSync } from 'node:fs';

/**
 * Where the output of a process that no launcher has started goes, in words for an operator. On Linux the system tells;
 * elsewhere, and of a process that this user may not look into, it is where the process was started.
 */
export function describeOutputOf(pid: number): string {
  const target = errorOutputOf(pid);
  if (target === undefined) return 'its log is where it was started';
  if (target.startsWith('/dev/pts/') || target.startsWith('/dev/tty')) return `its log is on the terminal ${target}`;
  if (target.startsWith('/dev/null')) return 'its log is thrown away (/dev/null)';
  if (target.startsWith('/')) return `its log is the file ${target}`;
  // systemd connects a service with the journal by a socket, and others with a pipe.
  if (target.startsWith('socket:'))
    return `its log is kept by the program that started it; in a systemd unit: journalctl _PID=${pid}`;
  return 'its log goes to the program that started it';
}

function errorOutputOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/fd/2`);
  } catch {
    return undefined;
  }
}
