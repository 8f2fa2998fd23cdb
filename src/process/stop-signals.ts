import { constants } from 'node:os';

export type StopSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

/** Ctrl-C under npm arrives twice, from the terminal and from npm, within a millisecond or so. Milliseconds. */
const SAME_DELIVERY_MS = 500;

/**
 * Listens for the signals that ask for a stop, from its construction on. The first is reported, another one means that
 * somebody will not wait.
 */
export class StopSignals {
  /** Resolves with the first signal; never rejects. */
  readonly first: Promise<StopSignal>;

  #received: { signal: StopSignal; at: number } | undefined;

  /**
   * @param onSecond is given 128 plus the number of the second signal, as a shell reports a death by signal; ends the
   * process with it by default
   */
  constructor(onSecond: (exitCode: number) => void = (exitCode) => process.exit(exitCode)) {
    this.first = new Promise((resolve) => {
      // Node takes back what nohup(1) has told it to ignore: without a listener, SIGHUP would end it with nobody told.
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
        process.on(signal, () => {
          const at = performance.now();
          if (!this.#received) {
            this.#received = { signal, at };
            resolve(signal);
          } else if (signal !== this.#received.signal || at - this.#received.at > SAME_DELIVERY_MS) {
            onSecond(128 + constants.signals[signal]);
          }
        });
      }
    });
  }
}
