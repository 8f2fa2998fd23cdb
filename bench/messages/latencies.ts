import { Distribution } from '../kit/distribution.js';
import { progress } from '../kit/progress.js';
import { cells, figure, summarize, type Summary } from '../kit/rounds.js';
import { Table } from '../kit/table.js';
import { CONTENDERS, NAME_WIDTH, SERVERS, partyOf, settled, withParties, type Contender } from './contender.js';
import { WARM_UP_ROUNDS, type Part } from './part.js';

/** In microseconds. */
export interface Latency {
  readonly contender: string;
  readonly medians: Summary;
  readonly p99s: Summary;
}

interface Sample {
  readonly median: number;
  readonly p99: number;
}

export const latencies: Part<Latency> = {
  name: 'latencies',
  headline: 'From a request to its answer, one request at a time on one connection, in microseconds.',
  table: new Table({ server: NAME_WIDTH, median: 6, 'least to most': 12, ratio: 0, p99: 6, 'ratio of p99': 0 }),
  measure: (options, report) =>
    withParties(SERVERS, async (parties) => {
      await Promise.all(parties.map((party) => party.open(1)));
      await settled(1);
      const samples = new Map<Contender, Sample[]>(CONTENDERS.map((contender) => [contender, []]));
      for (let round = 1 - WARM_UP_ROUNDS; round <= options.rounds; round++) {
        for (const contender of CONTENDERS) {
          const party = partyOf(contender.server, parties);
          const ms = (options.seconds * 1_000) / options.rounds;
          const measured = new Distribution(await party.latencies({ method: contender.method, ms }));
          if (round > 0) samples.get(contender)?.push({ median: measured.median, p99: measured.quantile(0.99) });
        }
        if (round > 0) progress(round, options.rounds, 'latencies: ');
      }
      report(CONTENDERS.map((contender) => summaryOf(contender, samples)));
    }),
  cells: ({ contender, medians, p99s }) => [contender, ...cells(medians), figure(p99s.median), p99s.ratio.toFixed(2)],
};

function summaryOf(contender: Contender, samples: ReadonlyMap<Contender, readonly Sample[]>): Latency {
  const [bare] = CONTENDERS;
  const of = (who: Contender | undefined, key: keyof Sample): number[] =>
    (who && samples.get(who)?.map((sample) => sample[key] * 1_000)) ?? [];
  return {
    contender: contender.name,
    medians: summarize(of(contender, 'median'), of(bare, 'median')),
    p99s: summarize(of(contender, 'p99'), of(bare, 'p99')),
  };
}
