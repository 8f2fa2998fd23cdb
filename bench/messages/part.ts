/** One kind of measurement: its results as they come, as a row of its table and as they are. */
export interface Part<Result> {
  readonly name: string;
  /** What is measured, and how. */
  readonly headline: string;
  readonly table: { header(): string; row(cells: readonly string[]): string };
  measure(options: Options, report: (results: readonly Result[]) => void): Promise<void>;
  cells(result: Result): string[];
}

export interface Options {
  /** Of all rounds, of one contender. */
  readonly seconds: number;
  readonly rounds: number;
  readonly connections: readonly number[];
  readonly window: number;
  readonly clients: readonly number[];
}

/** Of which the first warms up, and does not count. */
export const WARM_UP_ROUNDS = 1;
