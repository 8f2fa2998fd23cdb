import { Logger } from '@nestjs/common';

const WINDOW_MS = 10_000;
const LINES_IN_WINDOW = 5;

type Level = 'warn' | 'log';

interface Window {
  lines: number;
  suppressed: number;
  readonly timer: NodeJS.Timeout;
}

/** Logs one line per event, and of each kind only a few lines in ten seconds, so that a flood fills no disk. */
export class RateLimitedLog {
  readonly #logger: Logger;
  readonly #windows = new Map<string, Window>();

  /** @param subsystem the part of the gateway that the lines are from */
  constructor(subsystem: string) {
    this.#logger = new Logger(subsystem);
  }

  /** @param kind one of a few fixed texts; each kind has a limit of its own */
  warn(kind: string, line: string): void {
    this.#write('warn', kind, line);
  }

  /** The same for what is in order. */
  info(kind: string, line: string): void {
    this.#write('log', kind, line);
  }

  #write(level: Level, kind: string, line: string): void {
    const window = this.#windowOf(level, kind);
    if (window.lines >= LINES_IN_WINDOW) {
      window.suppressed++;
      return;
    }
    window.lines++;
    this.#logger[level](line);
  }

  #windowOf(level: Level, kind: string): Window {
    const known = this.#windows.get(kind);
    if (known) return known;
    const timer = setTimeout(() => this.#end(level, kind), WINDOW_MS);
    timer.unref();
    const window = { lines: 0, suppressed: 0, timer };
    this.#windows.set(kind, window);
    return window;
  }

  #end(level: Level, kind: string): void {
    const { suppressed = 0 } = this.#windows.get(kind) ?? {};
    this.#windows.delete(kind);
    if (suppressed > 0) this.#logger[level](`${kind}: ${suppressed} more in ${WINDOW_MS / 1_000} s`);
  }
}
