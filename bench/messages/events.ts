import { Distribution } from '../kit/distribution.js';
import { figureOf, ratioAtLeast } from '../kit/figure.js';
import type { Options } from '../kit/options.js';
import type { Report } from '../kit/part.js';
import type { Party, Published } from '../kit/party.js';
import { BARE_ECHO, GATEWAY_ECHO, type Contender } from './contenders.js';
import { takeTurns, valuesOf } from './turns.js';

/** What is sent to all clients. */
export const EVENT_TEXT = 'x'.repeat(256);

/** A single one takes some milliseconds, in which anything may come between. */
const EVENTS_IN_ROUND = 20;

/** One event to all clients, from the call that sends it to its receipt by the last of them: of a round, the median. */
export async function measureEvents(
  { clients, rounds }: Pick<Options, 'clients' | 'rounds'>,
  report: Report,
): Promise<void> {
  for (const count of clients) {
    const name = `one event to ${count.toLocaleString('en')} clients`;
    const samples = await takeTurns({
      label: name,
      contenders: [BARE_ECHO, GATEWAY_ECHO],
      connections: count,
      rounds,
      sample: publishAgain,
    });
    const perSecond = (contender: Contender): number[] =>
      valuesOf(samples, contender, ({ lastReceiptMs }) => (count / lastReceiptMs) * 1_000);
    const busy = (contender: Contender): number[] => valuesOf(samples, contender, ({ busyMs }) => busyMs);
    const beside = 'bare ws loop';
    report.figure(
      figureOf(
        { name: `${name}, receipts`, unit: '/s', beside, better: 'more', aim: ratioAtLeast(0.9) },
        perSecond(GATEWAY_ECHO),
        perSecond(BARE_ECHO),
      ),
    );
    report.figure(figureOf({ name: `${name}, server busy`, unit: 'ms', beside }, busy(GATEWAY_ECHO), busy(BARE_ECHO)));
  }
}

/** The medians of some events, one after the other. */
async function publishAgain(party: Party): Promise<Published> {
  const events: Published[] = [];
  while (events.length < EVENTS_IN_ROUND) events.push(await party.publish(EVENT_TEXT));
  return {
    busyMs: new Distribution(events.map(({ busyMs }) => busyMs)).median,
    lastReceiptMs: new Distribution(events.map(({ lastReceiptMs }) => lastReceiptMs)).median,
  };
}
