import { constants } from 'node:os';

/** A signal that asks for an orderly stop. */
export type StopSignal = (typeof STOP_SIGNALS)[number];

// Node takes back what nohup(1) has told it to ignore. Unheard, each of these would end the gateway before its clients
// are told.
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;

/** Ctrl-C under npm arrives twice, from the terminal and from npm, within a millisecond or so. */
const SAME_DELIVERY_MS = 500;

/**
 * Listens for SIGTERM, SIGINT, SIGHUP, SIGQUIT and SIGUSR2 from its construction on. The first one asks for an orderly stop.
 * A second one means that the operator does not want to wait; the same signal within 500 ms is the same delivery.
 *
 * @example
 * ```ts
 * const signals = new StopSignals();
 * const listener = await claimListener();
 * process.exit(await runGateway(() => createApp(listener), { signals }));
 * ```
 */
export class StopSignals {
  /** Resolves with the first signal; never rejects. */
  readonly first: Promise<StopSignal>;
  /**
   * Called at SIGUSR2 in place of a stop, from when there is an app that can be handed over.
   *
   * @internal
   */
  onHandover: (() => void) | undefined;

  #received: { signal: StopSignal; at: number } | undefined;

  /**
   * @param onSecond gets 128 plus the number of the second signal, as a shell reports a death by signal
   * @default ends the process with that exit code: a caller that waits for the stop would not get to it
   */
  constructor(onSecond: (exitCode: number) => void = (exitCode) => process.exit(exitCode)) {
    this.first = new Promise((resolve) => {
      for (const signal of STOP_SIGNALS) {
        process.on(signal, () => {
          if (signal === 'SIGUSR2' && this.onHandover && !this.#received) {
            this.onHandover();
            return;
          }
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
