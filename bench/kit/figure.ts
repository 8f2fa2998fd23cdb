import { Distribution } from './distribution.js';
import { progress } from './progress.js';
import type { Column } from './table.js';

/** What was measured in some rounds. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** What a figure is to be; some are known in words alone, and the reader of the figure judges them. */
export interface Aim {
  readonly text: string;
  readonly isMet?: (figure: Pick<Figure, 'gateway' | 'other' | 'ratio'>) => boolean;
}

/** What a figure is about. */
export interface Subject {
  /** Tells by itself what was measured. */
  readonly name: string;
  readonly unit: string;
  /** What the gateway is compared with. */
  readonly beside: string;
  /** @default 'less' */
  readonly better?: Better;
  readonly aim?: Aim;
}

export type Better = 'less' | 'more';

/** A line of the table. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly beside: string;
  readonly better: Better;
  readonly gateway: Spread;
  /** What the gateway is compared with. */
  readonly other: Spread;
  /** The median of the ratios within the rounds: what else the machine did in one came upon both. */
  readonly ratio: number;
  readonly aim?: string;
  readonly isMet?: boolean;
}

/** Each of the two measures one round. */
export interface Comparison extends Subject {
  gateway(): Promise<number>;
  bare(): Promise<number>;
}

/** The first round warms up, and does not count. */
export const WARM_UP_ROUNDS = 1;

export const ratioAtMost = (most: number): Aim => ({
  text: `ratio ≤ ${most.toFixed(1)}`,
  isMet: ({ ratio }) => ratio <= most,
});

export const ratioAtLeast = (least: number): Aim => ({
  text: `ratio ≥ ${least.toFixed(1)}`,
  isMet: ({ ratio }) => ratio >= least,
});

/** The two take turns, so that whatever else the machine does comes upon both. */
export async function compare(comparison: Comparison, rounds: number): Promise<Figure> {
  const gateway: number[] = [];
  const bare: number[] = [];
  for (let round = 1 - WARM_UP_ROUNDS; round <= rounds; round++) {
    const measured = [await comparison.gateway(), await comparison.bare()] as const;
    if (round < 1) continue;
    gateway.push(measured[0]);
    bare.push(measured[1]);
    progress(round, rounds, comparison.name);
  }
  return figureOf(comparison, gateway, bare);
}

/** @param other of the same rounds */
export function figureOf(subject: Subject, gateway: readonly number[], other: readonly number[]): Figure {
  const ratios = gateway.map((value, round) => value / (other[round] ?? NaN));
  return toFigure(subject, spreadOf(gateway), spreadOf(other), new Distribution(ratios).median);
}

/** A figure that has no value for a single round, such as a percentile of all of them. */
export function toFigure(subject: Subject, gateway: Spread, other: Spread, ratio: number): Figure {
  const { name, unit, beside, better = 'less', aim } = subject;
  return {
    name,
    unit,
    beside,
    better,
    gateway,
    other,
    ratio,
    ...(aim && { aim: aim.text }),
    ...(aim?.isMet && { isMet: aim.isMet({ gateway, other, ratio }) }),
  };
}

export function spreadOf(measured: readonly number[]): Spread {
  const distribution = new Distribution(measured);
  return { median: distribution.median, least: distribution.quantile(0), most: distribution.quantile(1) };
}

/** With thousands apart, and as many digits as tell something. */
export function format(value: number): string {
  const size = Math.abs(value);
  const digits = Number.isInteger(value) ? 0 : size < 10 ? 2 : size < 100 ? 1 : 0;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** As wide as what is in them, so that rows line up that are printed as they come. */
export const FIGURE_COLUMNS: readonly Column[] = [
  ['figure', 52],
  ['unit', 6],
  ['gateway', 8],
  ['least to most', 18],
  ['beside', 20],
  ['its median', 0],
  ['ratio', 6],
  ['aim', 19],
];

export function figureCells({ name, unit, beside, gateway, other, ratio, aim, isMet }: Figure): string[] {
  const verdict = isMet === undefined ? '' : isMet ? ', met' : ', missed';
  return [
    name,
    unit,
    format(gateway.median),
    `${format(gateway.least)} to ${format(gateway.most)}`,
    beside,
    format(other.median),
    ratio.toFixed(2),
    aim === undefined ? '' : `${aim}${verdict}`,
  ];
}
