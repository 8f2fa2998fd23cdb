import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { openStateFolder } from '../state-folder/state-folder.js';
import { LaunchError, type GuardHolder } from './launch.error.js';
import { PidFile } from './pid-file.js';

const GUARD_FILE = 'launcher.pid';
/** What a launcher that was killed may have left behind is older than that. Milliseconds. */
const LEFTOVER_MS = 60_000;

/**
 * Keeps two launchers from starting the same gateway at once: `launcher.pid` in the state folder, held while launching.
 * A courtesy that saves work, and not the lock: whoever deletes it only makes two launchers start a gateway each, of
 * which the port refuses one.
 */
export class PidGuard {
  private constructor(private readonly file: PidFile) {}

  /**
   * Takes the guard of a state folder, which is made if it is missing. One that a dead process has left is replaced; of
   * several that find it at once, one gets it.
   *
   * @throws {LaunchError} `held`: another process has it, see {@link LaunchError.holder}; `not allowed`: the file is
   * another user's
   * @throws {InputError} the folder cannot be made or used, or something else is in the place of the file
   */
  static async acquire(folder: string): Promise<PidGuard> {
    await openStateFolder(folder);
    const taken = await PidFile.take(join(folder, GUARD_FILE));
    if (!(taken instanceof PidFile)) throw heldBy(taken);
    removeLeftovers(folder);
    return new PidGuard(taken);
  }

  /**
   * Who has the guard of a state folder; undefined where nobody does.
   *
   * @throws {LaunchError | InputError} as `acquire` does
   */
  static holderOf(folder: string): GuardHolder | undefined {
    const record = PidFile.holderOf(join(folder, GUARD_FILE));
    return record && { pid: record.pid, since: record.since };
  }

  /** Gives it back; the second time it does nothing. Never throws. */
  release(): void {
    this.file.release();
  }
}

function heldBy({ pid, since }: GuardHolder): LaunchError {
  const seconds = Math.max(Math.round((Date.now() - since) / 1_000), 0);
  return new LaunchError('held', `another launcher, pid ${pid}, has been starting this gateway for ${seconds} s`, {
    holder: { pid, since },
  });
}

/** Those of a removal protect nothing any more: what they are named after cannot come back. */
function removeLeftovers(folder: string): void {
  try {
    for (const name of readdirSync(folder)) {
      if (!name.startsWith(`${GUARD_FILE}.`)) continue;
      const path = join(folder, name);
      if (Date.now() - statSync(path).mtimeMs > LEFTOVER_MS) rmSync(path, { force: true });
    }
  } catch {
    // They do no harm.
  }
}
