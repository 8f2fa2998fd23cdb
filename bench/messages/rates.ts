import { Distribution } from '../kit/distribution.js';
import { progress } from '../kit/progress.js';
import { cells, figure, summarize, type Summary } from '../kit/rounds.js';
import { Table } from '../kit/table.js';
import {
  CONTENDERS,
  NAME_WIDTH,
  SERVERS,
  partyOf,
  settled,
  withParties,
  type Contender,
  type Party,
} from './contender.js';
import { WARM_UP_ROUNDS, type Options, type Part } from './part.js';

export interface Rate {
  readonly connections: number;
  readonly contender: string;
  readonly perSecond: Summary;
  /** What the server used for one request. */
  readonly processorMicroseconds: Summary;
  /** Of one processor; the one that is near 1 is the one that was measured. */
  readonly serverShare: number;
  readonly generatorShare: number;
}

interface Sample {
  readonly perSecond: number;
  readonly processorMicroseconds: number;
  readonly serverShare: number;
  readonly generatorShare: number;
}

export const rates: Part<Rate> = {
  name: 'rates',
  headline: [
    'Requests that are answered in a second, each connection with as many waiting for their answers as --window says.',
    'Processor: what the server used for one request, in microseconds. Busy: how much of one processor the server and',
    'the clients used; where the clients are near 100 % and the server is not, they are what was measured.',
  ].join('\n'),
  table: new Table({
    connections: 0,
    server: NAME_WIDTH,
    'per second': 8,
    'least to most': 18,
    ratio: 0,
    processor: 0,
    'its ratio': 0,
    'server busy': 0,
    'clients busy': 0,
  }),
  measure: async (options, report) => {
    for (const connections of options.connections) report(await measureAt(connections, options));
  },
  cells: ({ connections, contender, perSecond, processorMicroseconds, serverShare, generatorShare }) => [
    String(connections),
    contender,
    ...cells(perSecond),
    figure(processorMicroseconds.median, 1),
    processorMicroseconds.ratio.toFixed(2),
    percent(serverShare),
    percent(generatorShare),
  ],
};

function measureAt(connections: number, { seconds, rounds, window }: Options): Promise<Rate[]> {
  return withParties(SERVERS, async (parties) => {
    for (const { server, method } of CONTENDERS) await partyOf(server, parties).check(method);
    await Promise.all(parties.map((party) => party.open(connections)));
    await settled(connections);
    const samples = new Map<Contender, Sample[]>(CONTENDERS.map((contender) => [contender, []]));
    for (let round = 1 - WARM_UP_ROUNDS; round <= rounds; round++) {
      for (const contender of CONTENDERS) {
        const sample = await sampleOf(
          partyOf(contender.server, parties),
          contender.method,
          window,
          (seconds * 1_000) / rounds,
        );
        if (round > 0) samples.get(contender)?.push(sample);
      }
      if (round > 0) progress(round, rounds, `${connections} connections: `);
    }
    return CONTENDERS.map((contender) => summaryOf(connections, contender, samples));
  });
}

async function sampleOf(party: Party, method: string, window: number, ms: number): Promise<Sample> {
  const run = await party.run({ method, window, ms });
  return {
    perSecond: (run.answers / run.ms) * 1_000,
    processorMicroseconds: (run.serverMs / run.allAnswers) * 1_000,
    serverShare: run.serverMs / run.allMs,
    generatorShare: run.processorMs / run.allMs,
  };
}

function summaryOf(
  connections: number,
  contender: Contender,
  samples: ReadonlyMap<Contender, readonly Sample[]>,
): Rate {
  const [bare] = CONTENDERS;
  const of = (who: Contender | undefined, key: keyof Sample): number[] =>
    (who && samples.get(who)?.map((sample) => sample[key])) ?? [];
  const summary = (key: keyof Sample): Summary => summarize(of(contender, key), of(bare, key));
  return {
    connections,
    contender: contender.name,
    perSecond: summary('perSecond'),
    processorMicroseconds: summary('processorMicroseconds'),
    serverShare: new Distribution(of(contender, 'serverShare')).median,
    generatorShare: new Distribution(of(contender, 'generatorShare')).median,
  };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
