import { format } from '../kit/figure.js';
import type { FurtherTable } from '../kit/part.js';

/** What one of many costs, at each size; linear costs stay the same. */
export interface Cost {
  readonly name: string;
  readonly unit: string;
  readonly gateway: readonly number[];
  /** Where there is nothing to compare with, none. */
  readonly bare?: readonly number[];
}

/** What one costs may differ by so much from one size to the next, since measurements differ. */
const LINEAR_STEP = 1.5;

/** @param what the costs are of */
export function growthTable(what: string, sizes: readonly number[], costs: readonly Cost[]): FurtherTable {
  return {
    title:
      `Cost ${what}. Step: the greatest factor from one size to the next, but for the first size,\n` +
      `at which most is what a process costs anyway; more than ${LINEAR_STEP} is worse than linear.`,
    columns: ['cost', 'unit', 'of', ...sizes.map((size) => size.toLocaleString('en')), 'step', ''],
    rows: costs.flatMap(rowsOf),
  };
}

function rowsOf({ name, unit, gateway, bare }: Cost): string[][] {
  const step = greatestStep(gateway);
  const verdict = step === undefined ? '' : step > LINEAR_STEP ? 'worse than linear' : 'linear';
  const rows = [[name, unit, 'gateway', ...gateway.map(format), step?.toFixed(2) ?? '', verdict]];
  if (bare) {
    rows.push(['', '', 'bare', ...bare.map(format), greatestStep(bare)?.toFixed(2) ?? '', '']);
    rows.push(['', '', 'ratio', ...gateway.map((cost, index) => (cost / (bare[index] ?? NaN)).toFixed(2)), '', '']);
  }
  return rows;
}

/** Undefined where there are too few sizes. */
function greatestStep([, ...costs]: readonly number[]): number | undefined {
  const steps = costs.slice(1).map((cost, index) => cost / (costs[index] ?? NaN));
  return steps.length > 0 ? Math.max(...steps) : undefined;
}
