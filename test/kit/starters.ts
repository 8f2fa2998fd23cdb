import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import { within } from './deadline.js';

/** What each process of a race is told. */
export interface Heat {
  readonly port: number;
  /** The instant of the start: nanoseconds of the monotonic clock, which all processes share. */
  readonly at: string;
  /** How many try for the port within one process. */
  readonly contenders: number;
  /** Binds with a single `listen` instead of the lock. */
  readonly bare: boolean;
  /** Tries for this state folder instead of the port, in the way of a platform. */
  readonly profile?: { readonly stateFolder: string; readonly platform: NodeJS.Platform };
}

export interface Result {
  readonly wins: number;
  readonly refusals: readonly string[];
}

/** Up to eight start at once, on a machine that may be busy; only a failure waits for so long. */
const DEADLINE_MS = 60_000;
/** Longer than it takes to tell two processes; those that hear of it later start late. */
const NOTICE_NS = 300_000n;

/** Processes that try for one port at the same instant, as often as they are asked to. */
export class Starters {
  readonly #processes: ChildProcess[];

  private constructor(script: string, count: number) {
    // Options of the process that runs the race, such as a debugger's port, are not for them.
    const options = { env: {}, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] as const };
    this.#processes = Array.from({ length: count }, () => fork(script, { ...options, stdio: [...options.stdio] }));
  }

  /** @param script the built fixture `starter` */
  static async launch(script: string, count: number): Promise<Starters> {
    const starters = new Starters(script, count);
    await starters.#answers().catch(async (error: unknown) => {
      await starters.end();
      throw error;
    });
    return starters;
  }

  /** One race. No process gives the port back before all have a verdict; all have when it ends. */
  async race(
    port: number,
    { contenders = 1, bare = false, ...rest }: Partial<Omit<Heat, 'port' | 'at'>> = {},
  ): Promise<Result> {
    const verdicts = this.#answers();
    const at = (process.hrtime.bigint() + NOTICE_NS).toString();
    this.#tell({ port, at, contenders, bare, ...rest } satisfies Heat);
    const results = (await verdicts) as Result[];
    const released = this.#answers();
    this.#tell('release');
    await released;
    return {
      wins: results.reduce((sum, { wins }) => sum + wins, 0),
      refusals: results.flatMap(({ refusals }) => refusals),
    };
  }

  async end(): Promise<void> {
    const ends = this.#processes
      .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
      .map(async (child) => {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      });
    await Promise.all(ends);
  }

  #tell(message: Heat | 'release'): void {
    for (const child of this.#processes) child.send(message);
  }

  /** The next message of each process. */
  #answers(): Promise<unknown[]> {
    return within(DEADLINE_MS, 'an answer of every starter', Promise.all(this.#processes.map(answerOf)));
  }
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  const ended = once(child, 'exit', over).then(([code, signal]: unknown[]) => {
    throw new Error(`starter ${String(child.pid)} ended: ${String(code ?? signal)}`);
  });
  try {
    const [message] = (await Promise.race([once(child, 'message', over), ended])) as [unknown];
    return message;
  } finally {
    ended.catch(() => undefined);
    over.abort();
  }
}
