import { readFileSync } from 'node:fs';

import { parseProcessStat } from '../common/process-files.js';
/** How long an orphan may keep the port. Milliseconds. */
const CHECK_INTERVAL_MS = 500;

/**
 * Stops this process in order when the `nest start` that started it is gone. Where it runs us through a shell, which is
 * its default, SIGTERM ends the shell and not us, and SIGKILL it cannot pass on at all; a gateway that nobody knows of
 * would keep the port. Linux only: elsewhere a process cannot look at its ancestors.
 */
export function stopWithNestStart(): void {
  if (!nestStartAbove()) return;
  const check = setInterval(() => {
    if (nestStartAbove()) return;
    clearInterval(check);
    process.kill(process.pid, 'SIGTERM');
  }, CHECK_INTERVAL_MS);
  check.unref();
}

/** Whether it is our parent, or the parent of the shell between. A dead one that nobody has reaped has no command. */
function nestStartAbove(): boolean {
  try {
    for (const pid of [process.ppid, parentOf(process.ppid)]) {
      const [, script = '', command] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (/[/\\]nest(\.js)?$/.test(script) && command === 'start') return true;
    }
  } catch {
    // No /proc, or an ancestor that is gone or not ours to look at.
  }
  return false;
}

function parentOf(pid: number): number {
  return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8')).parent ?? NaN;
}
