/**
 * - `held`: another launcher is at it
 * - `not allowed`: a file in the state folder is not this user's to read or to write
 * - `elsewhere`: a gateway of the profile is ready on another port than the one that was asked for
 * - `paused`: the gateway has died too often
 * - `late`: no gateway was ready in time
 * - `died`: the gateway ended while it was starting
 * - `not started`: the operating system did not start the process
 * - `no log`: there is no log file
 */
export type LaunchFailure =
  'held' | 'not allowed' | 'elsewhere' | 'paused' | 'late' | 'died' | 'not started' | 'no log';

/** Who is launching a gateway. */
export interface GuardHolder {
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

export interface LaunchErrorDetails {
  /** For `held`. */
  readonly holder?: GuardHolder;
  /** For `died`: the exit code of the gateway, or 128 plus the number of its signal; none where it ended in order. */
  readonly exitCode?: number;
  /** For `died`: the last lines of what it wrote. */
  readonly lines?: readonly string[];
}

/** A gateway could not be launched. The message is one line. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
  readonly holder?: GuardHolder;
  readonly exitCode?: number;
  readonly lines: readonly string[];

  constructor(
    readonly kind: LaunchFailure,
    message: string,
    { holder, exitCode, lines = [] }: LaunchErrorDetails = {},
  ) {
    super(message);
    if (holder) this.holder = holder;
    if (exitCode !== undefined) this.exitCode = exitCode;
    this.lines = lines;
  }
}
