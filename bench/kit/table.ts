/** Rows of a Markdown table that line up in a terminal too, and that can be printed as they come. */
export class Table {
  readonly #columns: readonly (readonly [name: string, width: number])[];

  constructor(columns: Readonly<Record<string, number>>) {
    this.#columns = Object.entries(columns).map(([name, width]) => [name, Math.max(name.length, width)]);
  }

  header(): string {
    const names = this.#columns.map(([name]) => name);
    return this.row(names) + this.row(this.#columns.map(([, width]) => '-'.repeat(width)));
  }

  row(cells: readonly string[]): string {
    return `| ${this.#columns.map(([, width], index) => (cells[index] ?? '').padEnd(width)).join(' | ')} |\n`;
  }
}
