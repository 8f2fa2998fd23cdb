import { parseArgs } from 'node:util';

import { endChildrenWithThisProcess } from './kit/child.js';
import { readCount, runWith } from './kit/command-line.js';
import { Distribution } from './kit/distribution.js';
import { BARE, GATEWAY, idleMegabytes, timeToFree, timeToReady, timeToRefusal, type Subject } from './kit/lifecycle.js';
import { describeMachine } from './kit/machine.js';
import { progress } from './kit/progress.js';
import { Table } from './kit/table.js';

const DEFAULT_ROUNDS = '15';
const MAX_ROUNDS = 9_999;

interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly measure: (subject: Subject) => Promise<number>;
}

const FIGURES: readonly Figure[] = [
  { name: 'start to ready', unit: 'ms', measure: timeToReady },
  { name: 'start to refusal', unit: 'ms', measure: timeToRefusal },
  { name: 'SIGTERM to port free', unit: 'ms', measure: (subject) => timeToFree(subject, 0) },
  { name: '… with 100 clients', unit: 'ms', measure: (subject) => timeToFree(subject, 100) },
  { name: '… with 1,000 clients', unit: 'ms', measure: (subject) => timeToFree(subject, 1_000) },
  { name: 'idle memory', unit: 'MB', measure: idleMegabytes },
];

const TABLE = new Table({ figure: 24, unit: 4, gateway: 8, p95: 8, bare: 8, ratio: 6 });

/** The subjects take turns, so that whatever else the machine does comes upon both. */
async function compare({ name, unit, measure }: Figure, rounds: number): Promise<string> {
  const measured = { gateway: [] as number[], bare: [] as number[] };
  for (let done = 1; done <= rounds; done++) {
    measured.gateway.push(await measure(GATEWAY));
    measured.bare.push(await measure(BARE));
    progress(done, rounds, `${name}: `);
  }
  const gateway = new Distribution(measured.gateway);
  const bare = new Distribution(measured.bare);
  return TABLE.row([
    name,
    unit,
    gateway.median.toFixed(1),
    gateway.quantile(0.95).toFixed(1),
    bare.median.toFixed(1),
    (gateway.median / bare.median).toFixed(2),
  ]);
}

async function main({ rounds }: { rounds: number }): Promise<void> {
  endChildrenWithThisProcess();
  process.stdout.write(
    `A gateway beside a bare ws server, medians of ${rounds} rounds in turn\n${describeMachine()}\n\n`,
  );
  process.stdout.write(TABLE.header());
  for (const figure of FIGURES) process.stdout.write(await compare(figure, rounds));
}

await runWith(() => {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: DEFAULT_ROUNDS } } });
  return { rounds: readCount('--rounds', values.rounds, 'rounds', MAX_ROUNDS) };
}, main);
