import { join } from 'node:path';

import { removeLeftovers, removeTemporariesOf } from '../common/private-file.js';
import { openStateFolder } from '../state-folder/state-folder.js';
import { HISTORY_FILE } from './launch-history.js';
import { LaunchError, type GuardHolder } from './launch.error.js';
import { PidFile } from './pid-file.js';

const GUARD_FILE = 'launcher.pid';

/**
 * Keeps two launchers from starting the same gateway at once: `launcher.pid` in the state folder, held while launching.
 * It only saves work, and is not the lock. Where the file is deleted, two launchers may start a gateway each, and the
 * port refuses one of them.
 *
 * @example
 * const guard = await PidGuard.acquire('/home/me/.openclaw');
 * try {
 *   await startMyGateway();
 * } finally {
 *   guard.release();
 * }
 */
export class PidGuard {
  private constructor(private readonly file: PidFile) {}

  /**
   * Takes the guard of a state folder, which is made if it is missing. A guard that a dead process has left is replaced;
   * if several launchers find it at once, one of them gets it.
   *
   * @param folder the state folder of the gateway
   * @throws {LaunchError} `held`: another launcher has it, see {@link LaunchError.holder}; `no storage`: the file system
   * cannot write it
   * @throws {NotAllowedError} another user owns the folder or the file, or may write it, or this user may not
   * @throws {InputError} the folder cannot be made or used, or what has the name of the file is not a file
   */
  static async acquire(folder: string): Promise<PidGuard> {
    await openStateFolder(folder);
    const taken = await PidFile.take(join(folder, GUARD_FILE));
    if (!(taken instanceof PidFile)) throw heldBy(taken);
    // The files of past removals protect nothing: what they are named after cannot come back.
    removeLeftovers(folder, (name) => name.startsWith(`${GUARD_FILE}.`));
    removeTemporariesOf(join(folder, HISTORY_FILE));
    return new PidGuard(taken);
  }

  /**
   * The launcher that has the guard of a state folder; undefined where none has it.
   *
   * @throws {NotAllowedError} another user owns the file or may write it, or this user may not read it
   * @throws {InputError} what has the name of the file is not a file
   */
  static holderOf(folder: string): GuardHolder | undefined {
    const record = PidFile.holderOf(join(folder, GUARD_FILE));
    return record && { pid: record.pid, since: record.since };
  }

  /** Gives the guard back. A second call does nothing. Never throws. */
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
