import { figureOf, ratioAtLeast, spreadOf, type Aim, type Figure, type Subject } from '../kit/figure.js';
import type { Options } from '../kit/options.js';
import type { Report } from '../kit/part.js';
import type { Party } from '../kit/party.js';
import {
  ALL_CONTENDERS,
  BARE_ECHO,
  GATEWAY_ECHO,
  GATEWAY_SAFE,
  STOCK_ECHO,
  STOCK_SAFE,
  type Contender,
  type Samples,
} from './contenders.js';
import { takeTurns, valuesOf } from './turns.js';

interface Sample {
  readonly perSecond: number;
  /** What the server used for one request. */
  readonly processorMicroseconds: number;
  /** How much of one processor the server takes. */
  readonly serverShare: number;
  readonly clientsShare: number;
}

type RateOptions = Pick<Options, 'seconds' | 'rounds' | 'window'>;

interface Comparison {
  readonly of: Contender;
  readonly beside: Contender;
  readonly aim: Aim;
}

const WELL_AHEAD: Aim = { text: 'well ahead' };

const PLAIN: Comparison = { of: GATEWAY_ECHO, beside: BARE_ECHO, aim: ratioAtLeast(1) };

const COMPARISONS: readonly Comparison[] = [
  PLAIN,
  { of: GATEWAY_SAFE, beside: BARE_ECHO, aim: ratioAtLeast(0.8) },
  { of: GATEWAY_ECHO, beside: STOCK_ECHO, aim: WELL_AHEAD },
  { of: GATEWAY_SAFE, beside: STOCK_SAFE, aim: WELL_AHEAD },
];

/** A process that is as busy as this is what was measured. */
const BUSY_SHARE = 0.95;

/** Requests that are answered in a second, with so many of each connection waiting for their answers. */
export async function measureRates(options: RateOptions & Pick<Options, 'connections'>, report: Report): Promise<void> {
  for (const connections of options.connections) {
    const samples = await sampleRates(ALL_CONTENDERS, connections, options);
    for (const comparison of COMPARISONS) report.figure(rateFigure(comparison, connections, samples));
    report.figure(processorFigure(connections, samples));
    for (const contender of ALL_CONTENDERS) noteBusyClients(contender, connections, samples, report);
  }
}

/** What {@link measurePlainRate} measures. */
export function plainRate(connections: number): Subject {
  return subjectOf(PLAIN, connections);
}

/** The rate of the gateway beside a bare server, alone. */
export async function measurePlainRate(connections: number, options: RateOptions): Promise<Figure> {
  return rateFigure(PLAIN, connections, await sampleRates([BARE_ECHO, GATEWAY_ECHO], connections, options));
}

function sampleRates(
  contenders: readonly Contender[],
  connections: number,
  { seconds, rounds, window }: RateOptions,
): Promise<Samples<Sample>> {
  return takeTurns({
    label: `requests of ${connections} connections`,
    contenders,
    connections,
    rounds,
    sample: (party, { method }) => sampleOf(party, method, window, (seconds * 1_000) / rounds),
  });
}

async function sampleOf(party: Party, method: string, window: number, ms: number): Promise<Sample> {
  const run = await party.run({ method, window, ms });
  return {
    perSecond: (run.answers / run.ms) * 1_000,
    processorMicroseconds: (run.serverMs / run.allAnswers) * 1_000,
    serverShare: run.serverMs / run.allMs,
    clientsShare: run.processorMs / run.allMs,
  };
}

function rateFigure(comparison: Comparison, connections: number, samples: Samples<Sample>): Figure {
  const values = (contender: Contender): number[] => valuesOf(samples, contender, ({ perSecond }) => perSecond);
  return figureOf(subjectOf(comparison, connections), values(comparison.of), values(comparison.beside));
}

function subjectOf({ of, beside, aim }: Comparison, connections: number): Subject {
  const name = `requests answered, ${describe(connections)}${of === GATEWAY_SAFE ? ', guard and pipe' : ''}`;
  return { name, unit: '/s', beside: beside.server.name, better: 'more', aim };
}

function processorFigure(connections: number, samples: Samples<Sample>): Figure {
  const values = (contender: Contender): number[] =>
    valuesOf(samples, contender, ({ processorMicroseconds }) => processorMicroseconds);
  const name = `processor time of one request, ${describe(connections)}`;
  return figureOf({ name, unit: 'µs', beside: BARE_ECHO.name }, values(GATEWAY_ECHO), values(BARE_ECHO));
}

function noteBusyClients(contender: Contender, connections: number, samples: Samples<Sample>, report: Report): void {
  const server = spreadOf(valuesOf(samples, contender, ({ serverShare }) => serverShare)).median;
  const clients = spreadOf(valuesOf(samples, contender, ({ clientsShare }) => clientsShare)).median;
  if (clients < BUSY_SHARE || server >= BUSY_SHARE) return;
  report.note(
    `With ${describe(connections)} the clients of ${contender.name} were at ${percent(clients)} of a processor, and it at ` +
      `${percent(server)}: it can do more than was measured.`,
  );
}

function describe(connections: number): string {
  return `${connections.toLocaleString('en')} connections`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
