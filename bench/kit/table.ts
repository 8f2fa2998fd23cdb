export type Column = readonly [name: string, width: number];

/** Rows of a Markdown table that line up in a terminal too, and that can be printed as they come. */
export class Table {
  readonly #columns: readonly Column[];

  /** @param columns the least width of each */
  constructor(columns: readonly Column[]) {
    this.#columns = columns.map(([name, width]) => [name, Math.max(name.length, width)]);
  }

  /** A table whose rows are known: as wide as they are. */
  static of(names: readonly string[], rows: readonly (readonly string[])[]): string {
    const width = (index: number): number => Math.max(...rows.map((row) => row[index]?.length ?? 0), 0);
    const table = new Table(names.map((name, index) => [name, width(index)]));
    return table.header() + rows.map((row) => table.row(row)).join('');
  }

  header(): string {
    const names = this.#columns.map(([name]) => name);
    return this.row(names) + this.row(this.#columns.map(([, width]) => '-'.repeat(width)));
  }

  row(cells: readonly string[]): string {
    return `| ${this.#columns.map(([, width], index) => (cells[index] ?? '').padEnd(width)).join(' | ')} |\n`;
  }
}
