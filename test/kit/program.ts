import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';

import { onCleanUp } from './cleaner.js';
import { within } from './deadline.js';
import { tempFolder } from './temp.js';
import { TOKEN } from './token.js';

/** The measurements are modules, which have no `__dirname`, and run at the root. */
export const ROOT = typeof __dirname === 'undefined' ? process.cwd() : join(__dirname, '../..');
export const BIN = join(ROOT, 'dist/bin/cli.cjs');
export const MAIN = join(ROOT, 'dist/main.js');

export const fixture = (name: string): string => join(ROOT, 'build/fixtures', `${name}.js`);

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What a command has ended with. */
export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Starts the process as the leader of a group of its own, all of which is killed at the end of the test. */
  readonly group?: boolean;
  /** Keeps standard input open, for `type()`. */
  readonly stdin?: boolean;
  /** Descriptors of this process that it inherits, from 3 on. */
  readonly descriptors?: readonly number[];
}

/** A start takes a tenth of a second, and many seconds beside busy processes; only a failure waits for so long. */
const DEFAULT_DEADLINE_MS = 60_000;

/** A real process under test. It is killed when the test ends. */
export class Program {
  stdout = '';
  stderr = '';
  readonly exited: Promise<Exit>;

  readonly #child: ChildProcessWithoutNullStreams;
  readonly #onOutput = new Set<() => void>();

  private constructor(
    command: string,
    args: readonly string[],
    { env = {}, cwd = ROOT, group = false, stdin = false, descriptors = [] }: StartOptions,
  ) {
    // No variable of ours leaks in from the shell that runs the tests.
    const { PATH, HOME } = process.env;
    this.#child = spawn(command, args, {
      cwd,
      env: { PATH, HOME, OPENCLAW_GATEWAY_TOKEN: TOKEN, ...env },
      detached: group,
      stdio: ['pipe', 'pipe', 'pipe', ...descriptors],
    }) as ChildProcessWithoutNullStreams;
    if (!stdin) this.#child.stdin.end();
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#onOutput.forEach((check) => check());
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#onOutput.forEach((check) => check());
    });
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      // Unlike 'exit', 'close' comes when all output has been read.
      this.#child.once('close', (code, signal) => resolve({ code, signal }));
    });
    this.exited.catch(() => undefined);
    onCleanUp(async () => {
      this.signal('SIGKILL', group);
      await within(DEFAULT_DEADLINE_MS, `the end of ${command} ${args.join(' ')}`, this.exited);
    });
  }

  /** With a state folder of its own, unless told of another or of a home: two gateways of one profile refuse each other. */
  static start(command: string, args: readonly string[], options: StartOptions = {}): Program {
    const own = options.env && 'HOME' in options.env ? {} : { OPENCLAW_STATE_DIR: tempFolder() };
    return new Program(command, args, { ...options, env: { ...own, ...options.env } });
  }

  /** Runs a script with the Node that runs the tests, and with a home of its own, unless told otherwise. */
  static node(script: string, args: readonly (string | number)[] = [], options: StartOptions = {}): Program {
    const env = { HOME: tempFolder(), ...options.env };
    return new Program(process.execPath, [script, ...args.map(String)], { ...options, env });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the process did not start');
    return this.#child.pid;
  }

  /** @returns whether it was still there to be signalled */
  signal(signal: NodeJS.Signals, group = false): boolean {
    // The pid of one that has ended may belong to another process by now; its group lives on with its last member.
    const ended = this.#child.exitCode !== null || this.#child.signalCode !== null;
    if (ended && !group) return false;
    try {
      return process.kill(group ? -this.pid : this.pid, signal);
    } catch {
      return false;
    }
  }

  type(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Waits for output, and returns what matched; says what there was instead when the process ends or time does. */
  async output(
    stream: 'stdout' | 'stderr',
    pattern: RegExp,
    deadlineMs = DEFAULT_DEADLINE_MS,
  ): Promise<RegExpExecArray> {
    let check: () => void = () => undefined;
    const matched = new Promise<RegExpExecArray>((resolve) => {
      check = () => {
        const match = pattern.exec(this[stream]);
        if (match) resolve(match);
      };
    });
    this.#onOutput.add(check);
    check();
    const ended = this.exited.then(({ code, signal }) => {
      throw new Error(`it ended (${code ?? signal}) before ${pattern}`);
    });
    try {
      return await within(deadlineMs, `${pattern} on ${stream}`, Promise.race([matched, ended]));
    } catch (error) {
      throw new Error(`${(error as Error).message}; there was: ${this.stdout}${this.stderr}`, { cause: error });
    } finally {
      this.#onOutput.delete(check);
    }
  }

  async exit(deadlineMs = DEFAULT_DEADLINE_MS): Promise<Exit> {
    return within(deadlineMs, `the end of process ${this.pid}`, this.exited);
  }

  /** The same, with all that it has printed. */
  async result(deadlineMs?: number): Promise<Result> {
    const { code } = await this.exit(deadlineMs);
    return { code, stdout: this.stdout, stderr: this.stderr };
  }
}
