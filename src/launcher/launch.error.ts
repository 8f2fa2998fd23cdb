/**
 * Why a gateway could not be launched:
 *
 * - `held`: another launcher is starting it
 * - `elsewhere`: a gateway of the profile is ready on another port than the one that was asked for
 * - `paused`: the gateway has died too often
 * - `late`: no gateway was ready in time
 * - `died`: the gateway ended while it was starting
 * - `not started`: the operating system did not start the process
 * - `no storage`: a file in the state folder cannot be read or written, as on a full disk
 * - `no log`: there is no log file
 */
export type LaunchFailure = 'held' | 'elsewhere' | 'paused' | 'late' | 'died' | 'not started' | 'no storage' | 'no log';

/** The launcher that has the `PidGuard` of a state folder. */
export interface GuardHolder {
  /** Its process ID. */
  readonly pid: number;
  /** When it took the guard, in milliseconds since the epoch. */
  readonly since: number;
}

/** A gateway could not be launched. The message is one line. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
  /** With `held`: the launcher that has the guard, where it can be told. */
  readonly holder?: GuardHolder;
  /** With `died`: the exit code of the gateway, or 128 plus the number of its signal; missing where it ended with 0. */
  readonly exitCode?: number;
  /** With `died`: the last lines that the gateway wrote; otherwise empty. */
  readonly lines: readonly string[];

  constructor(
    /** What went wrong. */
    readonly code: LaunchFailure,
    message: string,
    { holder, exitCode, lines = [] }: Partial<Pick<LaunchError, 'holder' | 'exitCode' | 'lines'>> = {},
  ) {
    super(message);
    if (holder) this.holder = holder;
    if (exitCode !== undefined) this.exitCode = exitCode;
    this.lines = lines;
  }
}
