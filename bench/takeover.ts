import { parseArgs } from 'node:util';

import { Chain, type Round } from './kit/chain.js';
import { endChildrenWithThisProcess } from './kit/child.js';
import { readCount, runWith } from './kit/command-line.js';
import { BARE_BIND_LOOP, ENDS, GATEWAY, type Contender, type End } from './kit/contenders.js';
import { Distribution } from './kit/distribution.js';
import { describeMachine } from './kit/machine.js';
import { progress } from './kit/progress.js';
import { Table } from './kit/table.js';

const DEFAULT_ROUNDS = '50';
const MAX_ROUNDS = 99_999;
const DEFAULT_STANDBYS = '1,5,20';
/** As many as a gateway lets watch it; further ones poll. */
const MAX_STANDBYS = 64;

const CONTENDERS = [GATEWAY, BARE_BIND_LOOP] as const;

const TABLE = new Table({
  end: Math.max(...ENDS.map((end) => end.length)),
  standbys: 0,
  contender: Math.max(...CONTENDERS.map(({ name }) => name.length)),
  median: 6,
  p95: 6,
  p99: 6,
  max: 6,
  ratio: 0,
  none: 0,
  one: 0,
  'two or more': 0,
});

interface Flags {
  readonly rounds: number;
  readonly ends: readonly End[];
  readonly standbys: readonly number[];
}

/** One end of the holder, with one number of standbys. */
interface Setting {
  readonly end: End;
  readonly standbys: number;
}

type Rounds = ReadonlyMap<Contender, Round[]>;

function readFlags(): Flags {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: DEFAULT_ROUNDS },
      ends: { type: 'string', default: ENDS.join(',') },
      standbys: { type: 'string', default: DEFAULT_STANDBYS },
    },
  });
  return {
    rounds: readCount('--rounds', values.rounds, 'rounds', MAX_ROUNDS),
    ends: list(values.ends).map(readEnd),
    standbys: list(values.standbys).map((text) => readCount('--standbys', text, 'standbys', MAX_STANDBYS)),
  };
}

function list(text: string): string[] {
  return [...new Set(text.split(','))];
}

function readEnd(text: string): End {
  const end = ENDS.find((known) => known === text);
  if (end) return end;
  throw new TypeError(`--ends: ${JSON.stringify(text)} is not an end of a holder; give some of ${ENDS.join(',')}`);
}

/** The contenders take turns, so that whatever else the machine does comes upon all of them. */
async function measure({ end, standbys }: Setting, rounds: number): Promise<Rounds> {
  const chains = CONTENDERS.map((contender) => ({ contender, chain: new Chain(contender, standbys, end) }));
  const results = new Map<Contender, Round[]>(CONTENDERS.map((contender) => [contender, []]));
  try {
    for (const { chain } of chains) await chain.begin();
    for (let done = 1; done <= rounds; done++) {
      for (const { contender, chain } of chains) results.get(contender)?.push(await chain.round());
      progress(done, rounds, `${describe({ end, standbys })}: `);
    }
  } finally {
    await Promise.all(chains.map(({ chain }) => chain.close()));
  }
  return results;
}

function describe({ end, standbys }: Setting): string {
  return `${end}, ${standbys} ${standbys === 1 ? 'standby' : 'standbys'}`;
}

function times(rounds: readonly Round[] = []): Distribution {
  return new Distribution(rounds.flatMap(({ ms }) => ms ?? []));
}

function rows({ end, standbys }: Setting, results: Rounds): string[] {
  const bareMedian = times(results.get(BARE_BIND_LOOP)).median;
  return [...results].map(([{ name }, rounds]) => {
    const distribution = times(rounds);
    const count = (matches: (tookOver: number) => boolean): string =>
      String(rounds.filter(({ tookOver }) => matches(tookOver)).length);
    return TABLE.row([
      end,
      String(standbys),
      name,
      ...distribution.cells(),
      (distribution.median / bareMedian).toFixed(2),
      count((tookOver) => tookOver === 0),
      count((tookOver) => tookOver === 1),
      count((tookOver) => tookOver > 1),
    ]);
  });
}

function faults(setting: Setting, results: Rounds): string[] {
  return [...results].flatMap(([{ name }, rounds]) =>
    rounds.flatMap(({ fault }, index) =>
      fault === undefined ? [] : [`${name}, ${describe(setting)}, round ${index + 1}: ${fault}\n`],
    ),
  );
}

function headline(rounds: number): string {
  return [
    "From the holder's death to the first HTTP answer of the standby that took over, in ms, counted from the signal:",
    '- SIGKILL',
    '- SIGTERM: the orderly stop of a gateway is part of the hand-over; a bare bind loop has none, and dies at once',
    '- exit: SIGUSR2, upon which the holder calls process.exit()',
    `${rounds} rounds of each in turn; a bare bind loop tries once in 1 ms; ratio: of the median to that of the loop;`,
    'none, one, two or more: how many took over, in how many rounds',
    describeMachine(),
  ].join('\n');
}

async function main({ rounds, ends, standbys }: Flags): Promise<void> {
  endChildrenWithThisProcess();
  process.stdout.write(`${headline(rounds)}\n\n${TABLE.header()}`);
  for (const setting of ends.flatMap((end) => standbys.map((count) => ({ end, standbys: count })))) {
    const results = await measure(setting, rounds);
    process.stdout.write(rows(setting, results).join(''));
    const wrong = faults(setting, results);
    process.stderr.write(wrong.join(''));
    if (wrong.length > 0) process.exitCode = 1;
  }
}

await runWith(readFlags, main);
