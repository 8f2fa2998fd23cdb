import { progress } from '../kit/progress.js';
import { cells, summarize, type Summary } from '../kit/rounds.js';
import { Table } from '../kit/table.js';
import { BARE_WS, GATEWAY, settled, withParties, type Party } from './contender.js';
import { WARM_UP_ROUNDS, type Part } from './part.js';

/** One event to all clients, in milliseconds. */
export interface FanOut {
  readonly clients: number;
  readonly server: string;
  readonly lastReceipt: Summary;
  readonly busy: Summary;
}

interface Sample {
  readonly lastReceiptMs: number;
  readonly busyMs: number;
}

const TEXT = 'x'.repeat(256);

export const fanOuts: Part<FanOut> = {
  name: 'events',
  headline: [
    `One event of ${TEXT.length} characters to all clients, in milliseconds from the call that sends it to its receipt by the last`,
    'of them. Busy: until the server has handed it to the operating system for all of them. The bare server makes it into',
    'text once and calls send() for each; the gateway does so too, and numbers it for each.',
  ].join('\n'),
  table: new Table({
    clients: 0,
    server: 7,
    'last receipt': 0,
    'least to most': 16,
    ratio: 0,
    busy: 6,
    'least to most of it': 0,
    'its ratio': 0,
  }),
  measure: async ({ clients, rounds }, report) => {
    for (const count of clients) report(await measureAt(count, rounds));
  },
  cells: ({ clients, server, lastReceipt, busy }) => [
    String(clients),
    server,
    ...cells(lastReceipt, 1),
    ...cells(busy, 1),
  ],
};

function measureAt(clients: number, rounds: number): Promise<FanOut[]> {
  return withParties([BARE_WS, GATEWAY], async (parties) => {
    await Promise.all(parties.map((party) => party.open(clients)));
    await settled(clients);
    const samples = new Map<Party, Sample[]>(parties.map((party) => [party, []]));
    for (let round = 1 - WARM_UP_ROUNDS; round <= rounds; round++) {
      for (const party of parties) {
        const sample = await party.publish(TEXT);
        if (round > 0) samples.get(party)?.push(sample);
      }
      if (round > 0) progress(round, rounds, `events to ${clients} clients: `);
    }
    const of = (party: Party | undefined, key: keyof Sample): number[] =>
      (party && samples.get(party)?.map((sample) => sample[key])) ?? [];
    const [bare] = parties;
    return parties.map((party) => ({
      clients,
      server: party.kind.name,
      lastReceipt: summarize(of(party, 'lastReceiptMs'), of(bare, 'lastReceiptMs')),
      busy: summarize(of(party, 'busyMs'), of(bare, 'busyMs')),
    }));
  });
}
