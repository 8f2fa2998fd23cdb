import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

import { openToAppend, readFrom, sizeOf } from './gateway-log.js';
import { LaunchError } from './launch.error.js';

/** A little more than a gateway gives its own shutdown. Milliseconds. */
const STOP_MS = 6_000;
/** Of what a gateway that died had to say, the end. */
const LAST_WORDS = { lines: 20, bytes: 64 * 1024 };

export interface ProcessOptions {
  /** Program and arguments; other users can see them. */
  readonly command: readonly [string, ...string[]];
  readonly environment: NodeJS.ProcessEnv;
  /** Absolute. */
  readonly cwd: string;
  /** Absolute: where its output goes, at the end. */
  readonly logFile: string;
}

/** A process that outlives us: in a session of its own, with nothing of ours but the log it writes to. */
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
    return lines.slice(-LAST_WORDS.lines).filter((line) => line !== '');
  }

  /** Stops it in order, and kills it and what it has started if it does not. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    const over = new AbortController();
    const late = delay(STOP_MS, 'late' as const, over).catch(() => 'late' as const);
    const outcome = await Promise.race([this.ended, late]);
    over.abort();
    if (outcome !== 'late') return;
    this.kill();
    await this.ended;
  }

  /** At once, with all that it has started. */
  kill(): void {
    // The number of a process that has been waited for may be another's by now.
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // Where there are no process groups.
      this.child.kill('SIGKILL');
    }
  }

  /** Lets this process end before it. */
  leave(): void {
    this.child.unref();
  }
}
