import { readFileSync } from 'node:fs';

import { parseProcessStat } from '../common/process-files.js';

/** How long an orphan may keep the port. */
const CHECK_INTERVAL_MS = 500;

/**
 * Stops this process in order when the `nest start` that started it is gone. Through a shell, which is the default of
 * `nest start`, SIGTERM ends the shell and not the gateway, and SIGKILL cannot be passed on at all: the gateway would
 * keep the port as an orphan. Linux only: elsewhere a process cannot read what its ancestors are.
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

/** Whether `nest start` is the parent, or the parent of a shell between. A zombie has no command line. */
function nestStartAbove(): boolean {
  try {
    for (const pid of [process.ppid, parentOf(process.ppid)]) {
      const [, script = '', command] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (/[/\\]nest(\.js)?$/.test(script) && command === 'start') return true;
    }
  } catch {
    // No /proc, or an ancestor that is gone or that this user may not read.
  }
  return false;
}

function parentOf(pid: number): number {
  return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8')).parent ?? NaN;
}
