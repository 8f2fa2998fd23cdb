import type { LogTail, LogTailQuery } from '../control/methods/control-methods.options.js';

/** What is kept at most. A client can ask for no more at once. */
const MAX_LINES = 5_000;
const MAX_BYTES = 1_000_000;
/** What a query is answered with that asks for no number. */
const DEFAULTS = { limit: 500, maxBytes: 250_000 };

interface KeptLine {
  readonly text: string;
  /** Where it begins and ends in all that was ever logged, in bytes. */
  readonly start: number;
  readonly end: number;
}

/**
 * The last lines of the log of this process, for clients that ask for them over the port: where the log itself is, on a
 * terminal or in a file, makes no difference then.
 */
export class LogMemory {
  #lines: KeptLine[] = [];
  #size = 0;

  add(text: string): void {
    const start = this.#size;
    this.#size += Buffer.byteLength(text) + 1;
    this.#lines.push({ text, start, end: this.#size });
    // Seldom, since it moves all that is kept.
    if (this.#lines.length >= 2 * MAX_LINES || start - (this.#lines[0]?.start ?? 0) >= 2 * MAX_BYTES) this.#forget();
  }

  tail({ cursor, limit = DEFAULTS.limit, maxBytes = DEFAULTS.maxBytes }: LogTailQuery = {}): LogTail {
    this.#forget();
    const first = this.#lines[0]?.start ?? this.#size;
    const reset = cursor !== undefined && (cursor > this.#size || cursor < first);
    const from = cursor === undefined || reset ? 0 : cursor;
    const asked = this.#lines.filter(({ start }) => start >= from);
    const chosen = asked.slice(-limit).filter(({ start }) => this.#size - start <= maxBytes);
    return {
      file: `log of pid ${process.pid}`,
      cursor: this.#size,
      size: this.#size,
      lines: chosen.map(({ text }) => text),
      truncated: chosen.length < asked.length || (from === 0 && first > 0),
      reset,
    };
  }

  #forget(): void {
    this.#lines = this.#lines.slice(-MAX_LINES).filter(({ start }) => this.#size - start <= MAX_BYTES);
  }
}
