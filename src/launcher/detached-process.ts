import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { constants } from 'node:os';

import { within } from '../common/deadline.js';
import { printableLine } from '../common/printable.js';
import { openToAppend, readFrom, sizeOf } from './gateway-log.js';
import { LaunchError } from './launch.error.js';

/** A little more than a gateway gives its own shutdown. */
const STOP_MS = 6_000;
/** How much is shown of the output of a gateway that died. */
const LAST_WORDS = { lines: 20, bytes: 64 * 1024 };

export interface ProcessOptions {
  /** Program and arguments. Other users can see them. */
  readonly command: readonly [string, ...string[]];
  readonly environment: NodeJS.ProcessEnv;
  /** Absolute. */
  readonly cwd: string;
  /** Absolute; its output is appended there. */
  readonly logFile: string;
}

/** A process that outlives this one: in a session of its own, with no descriptor of this one but that of the log. */
export class DetachedProcess {
  /** The exit code, or 128 plus the number of the signal, as a shell reports it. */
  readonly ended: Promise<number>;

  private constructor(
    private readonly child: ChildProcess,
    readonly pid: number,
    private readonly logFile: string,
    private readonly logStart: number,
  ) {
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  }

  /** @throws {LaunchError | InputError} the log cannot be written, or the process cannot be started */
  static async start({
    command: [program, ...args],
    environment,
    cwd,
    logFile,
  }: ProcessOptions): Promise<DetachedProcess> {
    const log = openToAppend(logFile);
    try {
      const logStart = sizeOf(logFile);
      const child = spawn(program, args, { cwd, env: environment, detached: true, stdio: ['ignore', log, log] });
      if (child.pid !== undefined) return new DetachedProcess(child, child.pid, logFile, logStart);
      const [error] = (await once(child, 'error')) as [Error];
      throw new LaunchError('not started', `the gateway could not be started: ${error.message}`);
    } finally {
      closeSync(log);
    }
  }

  /** The end of what it has written. */
  lastWords(): string[] {
    const from = Math.max(this.logStart, sizeOf(this.logFile) - LAST_WORDS.bytes);
    const lines = readFrom(this.logFile, from).toString('utf8').trimEnd().split('\n');
    // The message of an error that has ended it may hold anything.
    return lines
      .slice(-LAST_WORDS.lines)
      .filter((line) => line !== '')
      .map(printableLine);
  }

  /** Stops it in order. If it does not stop in time, it is killed with all that it has started. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    if ((await within(this.ended, STOP_MS)) !== undefined) return;
    this.kill();
    await this.ended;
  }

  /** Kills it at once, with all that it has started. */
  kill(): void {
    // Another process may have the ID of one that has been waited for.
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // Windows has no process groups.
      this.child.kill('SIGKILL');
    }
  }

  /** Lets this process end while the other one runs on. */
  leave(): void {
    this.child.unref();
  }
}
