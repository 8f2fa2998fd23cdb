import { parseArgs } from 'node:util';

import { endChildrenWithThisProcess } from './kit/child.js';
import { readCount, runWith } from './kit/command-line.js';
import { maxOpenFiles } from './kit/open-files.js';
import { describeMachine } from './kit/machine.js';
import { fanOuts } from './messages/events.js';
import { latencies } from './messages/latencies.js';
import { memories } from './messages/memories.js';
import type { Options, Part } from './messages/part.js';
import { rates } from './messages/rates.js';
import { REQUEST_BYTES } from './load/requests.js';

const PARTS: readonly Part<unknown>[] = [rates, latencies, fanOuts, memories] as readonly Part<unknown>[];

const MAX_SECONDS = 60;
const MAX_ROUNDS = 999;
/** As many requests as a gateway lets one client have running. */
const MAX_WINDOW = 256;
/** As many as the gateway lets in by default. */
const MAX_CONNECTIONS = 16_000;
const DEFAULT_CLIENTS = [1_000, 10_000];
/** For whatever else a process has open. */
const SPARE_FILES = 500;

interface Flags {
  readonly options: Options;
  readonly parts: readonly Part<unknown>[];
  readonly json: boolean;
}

function readFlags(): Flags {
  const most = Math.min(MAX_CONNECTIONS, maxOpenFiles() - SPARE_FILES);
  const { values } = parseArgs({
    options: {
      parts: { type: 'string', default: PARTS.map(({ name }) => name).join(',') },
      connections: { type: 'string', default: '1,50,100,1000' },
      clients: { type: 'string', default: DEFAULT_CLIENTS.filter((count) => count <= most).join(',') },
      window: { type: 'string', default: '32' },
      seconds: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
    },
  });
  return {
    parts: list(values.parts).map(readPart),
    options: {
      connections: list(values.connections).map((text) => readCount('--connections', text, 'connections', most)),
      clients: list(values.clients).map((text) => readCount('--clients', text, 'clients', most)),
      window: readCount('--window', values.window, 'requests', MAX_WINDOW),
      seconds: readCount('--seconds', values.seconds, 'seconds', MAX_SECONDS),
      rounds: readCount('--rounds', values.rounds, 'rounds', MAX_ROUNDS),
    },
    json: values.json,
  };
}

function list(text: string): string[] {
  return [...new Set(text.split(','))];
}

function readPart(text: string): Part<unknown> {
  const part = PARTS.find(({ name }) => name === text);
  if (part) return part;
  const names = PARTS.map(({ name }) => name).join(',');
  throw new TypeError(`--parts: ${JSON.stringify(text)} is not a part of this; give some of ${names}`);
}

function headline({ seconds, rounds, window }: Options): string {
  return [
    'Servers of their own processes on 127.0.0.1, each with a process that is its clients. They take turns in rounds: each',
    `figure is the median of ${rounds}, of ${(seconds / rounds).toFixed(2)} s each, after one that warms up; each ratio is to bare ws, the median of`,
    `the ratios within the rounds. A request has ${REQUEST_BYTES} bytes of JSON; --window ${window}.`,
    describeMachine(),
  ].join('\n');
}

async function main({ options, parts, json }: Flags): Promise<void> {
  endChildrenWithThisProcess();
  const print = (text: string): void => {
    if (!json) process.stdout.write(text);
  };
  const results: Record<string, unknown[]> = {};
  print(`${headline(options)}\n`);
  for (const part of parts) {
    const measured: unknown[] = (results[part.name] = []);
    print(`\n${part.headline}\n\n${part.table.header()}`);
    await part.measure(options, (some) => {
      measured.push(...some);
      print(some.map((result) => part.table.row(part.cells(result))).join(''));
    });
  }
  if (json) process.stdout.write(`${JSON.stringify({ machine: describeMachine(), options, ...results })}\n`);
}

await runWith(readFlags, main);
