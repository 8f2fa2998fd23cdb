import { isAsGraveAs, type LogLevel } from '../common/log-level.js';
import { parseLogLine, type LogLine } from '../common/log-line.js';

const LF = 0x0a;

/** Which lines of a log are wanted. */
export interface LogFilter {
  /** Only lines from then on, in milliseconds since the epoch. */
  readonly since?: number | undefined;
  /** Only lines that are as grave as this. */
  readonly level?: LogLevel | undefined;
}

/** A line of a log file, which is one of ours where it could be parsed: the runtime and child processes write there too. */
export interface ReadLine {
  readonly text: string;
  readonly parsed: LogLine | undefined;
}

/** Takes the bytes of a log as they come, and gives the lines that are wanted. A line waits until its end has come. */
export class LogReader {
  #rest = Buffer.alloc(0);
  #time = -Infinity;

  constructor(private readonly filter: LogFilter = {}) {}

  read(bytes: Buffer): ReadLine[] {
    const text = Buffer.concat([this.#rest, bytes]);
    const end = text.lastIndexOf(LF) + 1;
    this.#rest = text.subarray(end);
    if (end === 0) return [];
    return this.#wanted(text.toString('utf8', 0, end - 1).split('\n'));
  }

  /** The line that has no end yet, once nothing more comes. */
  rest(): ReadLine[] {
    const text = this.#rest.toString('utf8');
    this.#rest = Buffer.alloc(0);
    return text === '' ? [] : this.#wanted([text]);
  }

  #wanted(lines: readonly string[]): ReadLine[] {
    const { since, level } = this.filter;
    return lines
      .map((text) => ({ text, parsed: parseLogLine(text) }))
      .filter(({ parsed }) => {
        // What is no line of ours was written after the one before it.
        if (parsed) this.#time = Date.parse(parsed.time);
        if (since !== undefined && this.#time < since) return false;
        // A crash has no level, and is never left out.
        return level === undefined || !parsed || isAsGraveAs(parsed.level, level);
      });
  }
}
