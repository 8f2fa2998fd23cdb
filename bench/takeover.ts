import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { freePort } from '../test/kit/net.js';

const BIN = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const BARE = fileURLToPath(new URL('./bare-bind-loop.js', import.meta.url));
const USAGE_EXIT_CODE = 64;
const DEFAULT_ROUNDS = 50;
const DEADLINE_MS = 30_000;

interface Contender {
  readonly name: string;
  /** Starts one that holds the port, or waits for it. */
  readonly launch: (port: number) => ChildProcess;
  /** What it prints when it waits. */
  readonly waiting: RegExp;
  /** What it prints when it holds the port. */
  readonly holding: RegExp;
}

const CONTENDERS: readonly Contender[] = [
  {
    name: 'gateway --standby',
    launch: (port) => run(BIN, ['gateway', '--port', String(port), '--standby']),
    waiting: /^standing by for/m,
    holding: /^gateway listening on/m,
  },
  {
    name: 'bare bind loop (1 ms)',
    launch: (port) => run(BARE, [String(port)]),
    waiting: /^waiting$/m,
    holding: /^holding$/m,
  },
];

const running = new Set<ChildProcess>();

function run(script: string, args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

/** Resolves when the child has printed the line, on either stream. */
function printed(child: ChildProcess, line: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => reject(new Error(`no ${String(line)} in: ${output}`)), DEADLINE_MS);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text: Buffer) => {
        output += text.toString();
        if (!line.test(output)) return;
        clearTimeout(timer);
        resolve();
      });
    }
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/healthz', agent: false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode === 200));
    });
    request.once('error', () => resolve(false));
  });
}

/** A chain of deaths: who takes over is the next to be killed. One at a time, so that contenders alternate. */
class Chain {
  readonly deathToAnswerMs: number[] = [];
  #holder!: ChildProcess;

  constructor(
    readonly contender: Contender,
    private readonly port: number,
  ) {}

  async begin(): Promise<void> {
    this.#holder = this.contender.launch(this.port);
    await printed(this.#holder, this.contender.holding);
  }

  async round(): Promise<void> {
    const { launch, waiting, holding } = this.contender;
    const successor = launch(this.port);
    const holds = printed(successor, holding);
    await printed(successor, waiting);
    const death = performance.now();
    this.#holder.kill('SIGKILL');
    while (!(await answers(this.port)));
    this.deathToAnswerMs.push(performance.now() - death);
    await holds;
    this.#holder = successor;
  }
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

function row({ contender, deathToAnswerMs }: Chain, bareMedian: number): string {
  const sorted = [...deathToAnswerMs].sort((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  const cells = [median, quantile(sorted, 0.95), quantile(sorted, 0.99), sorted.at(-1) ?? NaN];
  return [
    contender.name.padEnd(24),
    ...cells.map((ms) => ms.toFixed(1).padStart(8)),
    (median / bareMedian).toFixed(2).padStart(8),
  ].join('');
}

async function main(rounds: number): Promise<void> {
  const chains = await Promise.all(CONTENDERS.map(async (contender) => new Chain(contender, await freePort())));
  try {
    for (const chain of chains) await chain.begin();
    for (let round = 1; round <= rounds; round++) {
      for (const chain of chains) await chain.round();
      if (round % 10 === 0 || round === rounds) process.stderr.write(`${round} of ${rounds} rounds\n`);
    }
  } finally {
    const ended = [...running].map((child) => once(child, 'close'));
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(ended);
  }
  const bare = [...(chains.at(-1)?.deathToAnswerMs ?? [])].sort((a, b) => a - b);
  const [cpu] = cpus();
  process.stdout.write(
    [
      `From the holder's death (SIGKILL) to the successor's first answer, in ms; ${rounds} rounds, alternating`,
      `Node ${process.version}, ${cpus().length} x ${cpu?.model ?? 'unknown'}`,
      `${''.padEnd(24)}${['median', 'p95', 'p99', 'max', 'ratio'].map((name) => name.padStart(8)).join('')}`,
      ...chains.map((chain) => row(chain, quantile(bare, 0.5))),
      '',
    ].join('\n'),
  );
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: String(DEFAULT_ROUNDS) } } });
if (/^[1-9][0-9]{0,4}$/.test(values.rounds)) {
  await main(Number(values.rounds));
} else {
  process.stderr.write(`--rounds: ${JSON.stringify(values.rounds)} is not a number of rounds; give 1 to 99999\n`);
  process.exitCode = USAGE_EXIT_CODE;
}
