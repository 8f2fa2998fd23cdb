import { Logger } from '@nestjs/common';

const WINDOW_MS = 10_000;
const LINES_IN_WINDOW = 5;

interface Window {
  lines: number;
  suppressed: number;
  readonly timer: NodeJS.Timeout;
}

/** Logs one line per event, and of each kind only a few lines in ten seconds, so that a flood fills no disk. */
export class RateLimitedLog {
  readonly #logger = new Logger('Gateway');
  readonly #windows = new Map<string, Window>();

  /** @param kind one of a few fixed texts; each kind has a limit of its own */
  warn(kind: string, line: string): void {
    const window = this.#windowOf(kind);
    if (window.lines >= LINES_IN_WINDOW) {
      window.suppressed++;
      return;
    }
    window.lines++;
    this.#logger.warn(line);
  }

  #windowOf(kind: string): Window {
    const known = this.#windows.get(kind);
    if (known) return known;
    const timer = setTimeout(() => this.#end(kind), WINDOW_MS);
    timer.unref();
    const window = { lines: 0, suppressed: 0, timer };
    this.#windows.set(kind, window);
    return window;
  }

  #end(kind: string): void {
    const { suppressed = 0 } = this.#windows.get(kind) ?? {};
    this.#windows.delete(kind);
    if (suppressed > 0) this.#logger.warn(`${kind}: ${suppressed} more in ${WINDOW_MS / 1_000} s`);
  }
}
