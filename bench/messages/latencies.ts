import { Distribution } from '../kit/distribution.js';
import { figureOf, ratioAtMost } from '../kit/figure.js';
import type { Options } from '../kit/options.js';
import type { Report } from '../kit/part.js';
import { BARE_ECHO, GATEWAY_ECHO, GATEWAY_SAFE, STOCK_ECHO, type Contender } from './contenders.js';
import { takeTurns, valuesOf } from './turns.js';

/** In milliseconds. */
interface Sample {
  readonly median: number;
  readonly p99: number;
}

const NAME = 'one request at a time';

export async function measureLatencies(
  { seconds, rounds }: Pick<Options, 'seconds' | 'rounds'>,
  report: Report,
): Promise<void> {
  const samples = await takeTurns({
    label: NAME,
    contenders: [BARE_ECHO, GATEWAY_ECHO, GATEWAY_SAFE, STOCK_ECHO],
    connections: 1,
    rounds,
    sample: async ({ clients }, { method }): Promise<Sample> => {
      const measured = new Distribution(await clients.latencies({ method, ms: (seconds * 1_000) / rounds }));
      return { median: measured.median, p99: measured.quantile(0.99) };
    },
  });
  const microseconds = (contender: Contender, key: keyof Sample): number[] =>
    valuesOf(samples, contender, (sample) => sample[key] * 1_000);
  const add = (name: string, key: keyof Sample, of: Contender, beside: Contender, aim = {}): void =>
    report.figure(
      figureOf({ name, unit: 'µs', beside: beside.name, ...aim }, microseconds(of, key), microseconds(beside, key)),
    );
  add(`${NAME}, median`, 'median', GATEWAY_ECHO, BARE_ECHO, { aim: ratioAtMost(1.1) });
  add(`${NAME}, p99`, 'p99', GATEWAY_ECHO, BARE_ECHO);
  add(`${NAME}, guard and pipe, median`, 'median', GATEWAY_SAFE, BARE_ECHO);
  add(`${NAME}, median`, 'median', GATEWAY_ECHO, STOCK_ECHO);
}
