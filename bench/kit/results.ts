import { FIGURE_COLUMNS, figureCells, format, type Figure } from './figure.js';
import type { FurtherTable, Report } from './part.js';
import { Table } from './table.js';

export interface PartResults {
  readonly figures: readonly Figure[];
  readonly tables: readonly FurtherTable[];
  readonly notes: readonly string[];
  readonly faults: readonly string[];
}

const FIGURES = new Table(FIGURE_COLUMNS);

/** Keeps what the parts report: the figures of all of them in one table, as they come, and the rest behind it. */
export class Results {
  readonly #parts: Record<string, PartResults> = {};
  #hasFigures = false;

  /** @param print takes what is for people */
  constructor(private readonly print: (text: string) => void) {}

  get parts(): Readonly<Record<string, PartResults>> {
    return this.#parts;
  }

  /** The results are of the part from then on; what goes wrong is on stderr at once. */
  begin(part: string): { readonly report: Report; readonly results: PartResults } {
    const figures: Figure[] = [];
    const tables: FurtherTable[] = [];
    const notes: string[] = [];
    const faults: string[] = [];
    const results = { figures, tables, notes, faults };
    this.#parts[part] = results;
    const report: Report = {
      figure: (figure) => {
        figures.push(figure);
        this.print((this.#hasFigures ? '' : `\n${FIGURES.header()}`) + FIGURES.row(figureCells(figure)));
        this.#hasFigures = true;
      },
      table: (table) => void tables.push(table),
      note: (text) => void notes.push(text),
      fault: (text) => {
        faults.push(text);
        process.stderr.write(`${part}: ${text}\n`);
      },
    };
    return { report, results };
  }

  printRest(): void {
    for (const { tables, notes } of Object.values(this.#parts)) {
      const rest = render({ figures: [], tables, notes });
      if (rest !== '') this.print(`\n${rest}`);
    }
    const aims = describeAims(Object.values(this.#parts).flatMap(({ figures }) => figures));
    if (aims !== '') this.print(`\n${aims}`);
  }
}

/** Says which aims are missed, and by what. Empty where none was measured. */
function describeAims(figures: readonly Figure[]): string {
  const judged = figures.filter(({ isMet }) => isMet !== undefined);
  const missed = judged.filter(({ isMet }) => !isMet);
  if (judged.length === 0) return '';
  if (missed.length === 0) return `All ${judged.length} aims are met.\n`;
  const lines = missed.map(
    ({ name, beside, unit, gateway, other, ratio, aim }) =>
      `  ${name}: ${format(gateway.median)} ${unit} beside ${format(other.median)} of ${beside}, ratio ${ratio.toFixed(2)}; aim: ${aim}\n`,
  );
  return `Of ${judged.length} aims, ${missed.length === 1 ? '1 is' : `${missed.length} are`} missed:\n${lines.join('')}`;
}

/** As Markdown. */
export function render({ figures, tables, notes }: Omit<PartResults, 'faults'>): string {
  const rows = figures.map((figure) => FIGURES.row(figureCells(figure)));
  return [
    ...(rows.length > 0 ? [FIGURES.header() + rows.join('')] : []),
    ...tables.map(({ title, columns, rows }) => `${title}\n\n${Table.of(columns, rows)}`),
    ...notes.map((note) => `${note}\n`),
  ].join('\n');
}
