/** Measurements of one thing. */
export class Distribution {
  readonly #sorted: readonly number[];

  constructor(measured: readonly number[]) {
    this.#sorted = [...measured].sort((a, b) => a - b);
  }

  get median(): number {
    return this.quantile(0.5);
  }

  /** By nearest rank, so that it is always something that was measured; NaN where nothing was. */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#sorted.length));
    return this.#sorted[rank - 1] ?? NaN;
  }
}
