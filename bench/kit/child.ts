import { spawn, type ChildProcessWithoutNullStreams, type StdioOptions } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

import { within } from '../../test/kit/deadline.js';
import { TOKEN } from '../../test/kit/token.js';
import type { Call, Reply } from './child-calls.js';

/** The exit code, or the signal that ended it. */
export type Exit = number | NodeJS.Signals;

export interface ChildOptions {
  /**
   * Whether it is one for `call()`.
   * @default false
   */
  readonly answersCalls?: boolean;
  /** @default one folder for all that have none of their own */
  readonly home?: string;
  /** @default the one that measures */
  readonly node?: string;
  /** Besides what every child has. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Longer than twenty starts at the same time take on a small machine. */
const DEADLINE_MS = 60_000;

const running = new Set<Child>();

/** A process under measurement. */
export class Child {
  exit: Exit | undefined;

  readonly #process: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<Exit>;
  readonly #onOutput = new Set<() => void>();
  readonly #replies = new Map<number, (reply: Reply) => void>();
  #output = '';
  #calls = 0;

  constructor(
    args: readonly string[],
    { answersCalls = false, home = sharedHome(), node = process.execPath, env: further = {} }: ChildOptions = {},
  ) {
    // No variable of the shell that runs the measurement leaks in, and no gateway comes near the state folder of its user.
    const env = { PATH: process.env['PATH'], HOME: home, OPENCLAW_GATEWAY_TOKEN: TOKEN, ...further };
    const stdio: StdioOptions = ['pipe', 'pipe', 'pipe', ...(answersCalls ? (['ipc'] as const) : [])];
    this.#process = spawn(node, args, { env, stdio }) as ChildProcessWithoutNullStreams;
    running.add(this);
    this.#process.stdin.end();
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        this.#onOutput.forEach((check) => check());
      });
    }
    this.#ended = new Promise((resolve, reject) => {
      this.#process.once('error', reject);
      this.#process.once('close', (code, signal) => {
        running.delete(this);
        this.exit = signal ?? code ?? NaN;
        resolve(this.exit);
      });
    });
    this.#ended.catch(() => undefined);
    this.#process.on('message', (reply: Reply) => {
      this.#replies.get(reply.number)?.(reply);
      this.#replies.delete(reply.number);
    });
  }

  get pid(): number {
    return this.#process.pid ?? NaN;
  }

  /** What it has printed so far, on both streams. */
  get output(): string {
    return this.#output;
  }

  hasPrinted(line: RegExp): boolean {
    return line.test(this.#output);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Resolves when it has printed the line, on either stream. */
  async printed(line: RegExp): Promise<void> {
    let check: () => void = () => undefined;
    const matched = new Promise<void>((resolve) => {
      check = () => {
        if (this.hasPrinted(line)) resolve();
      };
    });
    this.#onOutput.add(check);
    check();
    const ended = this.#ended.then((exit) => Promise.reject(new Error(`it ended (${exit}) before ${String(line)}`)));
    try {
      await within(DEADLINE_MS, String(line), Promise.race([matched, ended]));
    } catch (error) {
      const { message } = error as Error;
      throw new Error(`process ${this.pid}: ${message}; there was: ${this.#output}`, { cause: error });
    } finally {
      this.#onOutput.delete(check);
    }
  }

  /** Has it do one of the things that it has named with `answerCalls`. */
  async call<T>(name: string, argument?: unknown): Promise<T> {
    const number = ++this.#calls;
    const replied = new Promise<Reply>((resolve) => this.#replies.set(number, resolve));
    const ended = this.#ended.then((exit) => Promise.reject(new Error(`it ended (${exit})`)));
    this.#process.send({ number, name, argument } satisfies Call);
    try {
      const reply = await within(DEADLINE_MS, `the reply to ${name}`, Promise.race([replied, ended]));
      if ('failure' in reply) throw new Error(reply.failure);
      return reply.value as T;
    } catch (error) {
      const { message } = error as Error;
      throw new Error(`process ${this.pid}: ${message}; there was: ${this.#output}`, { cause: error });
    } finally {
      this.#replies.delete(number);
    }
  }

  ended(): Promise<Exit> {
    return within(DEADLINE_MS, `the end of process ${this.pid}`, this.#ended);
  }

  /** A process that is suspended ends by this too. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended();
  }
}

let shared: string | undefined;

function sharedHome(): string {
  return (shared ??= temporaryHome());
}

/** A home folder, empty, gone with this process. */
export function temporaryHome(): string {
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** However this process ends, by Ctrl-C too, no child outlives it. */
export function endChildrenWithThisProcess(): void {
  process.once('exit', () => running.forEach((child) => child.signal('SIGKILL')));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
}
