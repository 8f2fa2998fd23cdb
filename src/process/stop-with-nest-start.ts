import { readFileSync } from 'node:fs';

import { parseProcessStat } from '../common/process-files.js';

/** How long an orphan may keep the port. */
const CHECK_INTERVAL_MS = 500;

/**
 * Stops this process in order when the `nest start` that started it is gone, or the script of a package manager that ran
 * that. Through a shell, which is the default of `nest start` and of `npm start`, SIGTERM ends the shell and nothing below
 * it, and SIGKILL cannot be passed on at all: the gateway would keep the port as an orphan. Linux only: elsewhere a
 * process cannot read what its ancestors are.
 */
export function stopWithNestStart(): void {
  const starter = starterOfNestStart();
  if (starter === undefined) return;
  // Outside a script, a `nest start` may well outlive the shell that it was typed into.
  const ofScript = /\bnest start\b/.test(process.env['npm_lifecycle_script'] ?? '');
  const check = setInterval(() => {
    const current = starterOfNestStart();
    if (current === starter || (current !== undefined && !ofScript)) return;
    clearInterval(check);
    process.kill(process.pid, 'SIGTERM');
  }, CHECK_INTERVAL_MS);
  check.unref();
}

/**
 * The parent of the `nest start` that is the parent of this process, or of the shell between.
 *
 * @returns `undefined` when there is no `nest start`; a zombie has no command line
 */
function starterOfNestStart(): number | undefined {
  try {
    for (const pid of [process.ppid, parentOf(process.ppid)]) {
      const [, script = '', command] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (/[/\\]nest(\.js)?$/.test(script) && command === 'start') return parentOf(pid);
    }
  } catch {
    // No /proc, or an ancestor that is gone or that this user may not read.
  }
  return undefined;
}

function parentOf(pid: number): number {
  return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8')).parent ?? NaN;
}
