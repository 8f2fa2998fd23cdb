import { Distribution } from './distribution.js';

/** What was measured of one thing in each of some rounds, in which something else was measured too. */
export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** The median of the ratios within the rounds: what else the machine did in one came upon both. */
  readonly ratio: number;
}

export function summarize(measured: readonly number[], compared: readonly number[]): Summary {
  const distribution = new Distribution(measured);
  const ratios = measured.map((value, round) => value / (compared[round] ?? NaN));
  return {
    median: distribution.median,
    least: distribution.quantile(0),
    most: distribution.quantile(1),
    ratio: new Distribution(ratios).median,
  };
}

/** With thousands apart, where there are some. */
export function figure(value: number, digits = 0): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Median, spread and ratio. */
export function cells({ median, least, most, ratio }: Summary, digits = 0): string[] {
  return [figure(median, digits), `${figure(least, digits)} to ${figure(most, digits)}`, ratio.toFixed(2)];
}
