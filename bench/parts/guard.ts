import { compare, type Comparison, type Figure } from '../kit/figure.js';
import type { Part } from '../kit/part.js';
import { recordedParts } from '../kit/record.js';
import { heapOf, measureHeap } from '../messages/memories.js';
import { measurePlainRate, plainRate } from '../messages/rates.js';
import { readyTime, refusalTime, statusTime } from './start.js';
import { stopTime } from './stop.js';

/** A figure of a part, to be measured again in short. */
interface Check {
  readonly part: string;
  readonly figure: Pick<Figure, 'name' | 'beside'>;
  readonly measure: (rounds: number) => Promise<Figure>;
}

const CLIENTS = 100;
const CONNECTIONS = 50;
const HEAP_CLIENTS = 1_000;
const RATE = { seconds: 2, window: 32 } as const;
/** Ratios differ from run to run, and on a busy machine by much, but not by so much. */
const MOST_TIMES_WORSE = 2;

const CHECKS: readonly Check[] = [
  compared('start', readyTime),
  compared('start', refusalTime),
  compared('start', statusTime),
  compared('stop', stopTime(CLIENTS)),
  {
    part: 'messages',
    figure: plainRate(CONNECTIONS),
    measure: (rounds) => measurePlainRate(CONNECTIONS, { ...RATE, rounds }),
  },
  // What a heap holds differs little from run to run.
  { part: 'messages', figure: heapOf(HEAP_CLIENTS), measure: () => measureHeap(HEAP_CLIENTS, 1) },
];

export const guard: Part<'rounds'> = {
  name: 'guard',
  about: `a short run that fails where a ratio is more than ${MOST_TIMES_WORSE} times worse than the recorded one`,
  kind: 'check',
  defaults: { rounds: '5' },
  run: async ({ rounds }, report) => {
    const rows: string[][] = [];
    for (const { part, figure, measure } of CHECKS) {
      const recorded = recordedParts()[part]?.figures.find(
        ({ name, beside }) => name === figure.name && beside === figure.beside,
      );
      if (!recorded) {
        report.note(`"${figure.name}" is not recorded for Node ${process.versions.node}: nothing to compare with.`);
        continue;
      }
      const worse = async (): Promise<[ratio: number, times: number]> => {
        const { ratio } = await measure(rounds);
        return [ratio, timesWorse(ratio, recorded)];
      };
      let [ratio, times] = await worse();
      // Once may be what else the machine did.
      if (times > MOST_TIMES_WORSE) [ratio, times] = await worse();
      rows.push([figure.name, figure.beside, recorded.ratio.toFixed(2), ratio.toFixed(2), times.toFixed(2)]);
      if (times > MOST_TIMES_WORSE) {
        report.fault(
          `"${figure.name}" has the ratio ${ratio.toFixed(2)} to ${figure.beside}, twice, where ${recorded.ratio.toFixed(2)} is recorded: ` +
            `mend it, or record it anew with npm run bench -- ${part} --record`,
        );
      }
    }
    if (rows.length > 0) {
      report.table({
        title: `Ratios to a bare server, beside the recorded ones; at most ${MOST_TIMES_WORSE} times worse.`,
        columns: ['figure', 'beside', 'recorded', 'measured', 'times worse'],
        rows,
      });
    }
  },
};

function compared(part: string, comparison: Comparison): Check {
  return { part, figure: comparison, measure: (rounds) => compare(comparison, rounds) };
}

function timesWorse(ratio: number, recorded: Figure): number {
  return recorded.better === 'less' ? ratio / recorded.ratio : recorded.ratio / ratio;
}
