import type { Figure } from './figure.js';
import type { FlagName, Options } from './options.js';

/** One kind of measurement, which can be run by its name. */
export interface Part<Name extends FlagName> {
  readonly name: string;
  /** What it measures, in one line. */
  readonly about: string;
  /** `table`: is run where no part is named. `check`: measures nothing that is worth keeping. */
  readonly kind: 'table' | 'aside' | 'check';
  /** The flags that it takes, each with its default, as a person would write it. */
  readonly defaults: Readonly<Record<Name, string>>;
  run(options: Pick<Options, Name>, report: Report): Promise<void>;
}

/** A part whatever flags it takes. */
export type AnyPart = Omit<Part<FlagName>, 'defaults'> & {
  readonly defaults: Readonly<Partial<Record<FlagName, string>>>;
};

/** A table beside the one of the figures. */
export interface FurtherTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Takes the results of a part as they come. */
export interface Report {
  figure(figure: Figure): void;
  table(table: FurtherTable): void;
  /** Something that one has to know to read the figures. */
  note(text: string): void;
  /** Something that is not as it should be: the run fails. */
  fault(text: string): void;
}
