/** Why a gateway must not work any longer, though it still holds its port. */
export interface ActivationLoss {
  readonly cause: Error;
  /** How long its shutdown may take before another gateway may be at work, in milliseconds. */
  readonly withinMs: number;
}

/** What a gateway hears while it works, or is about to. */
export interface ActivationEvents {
  /** It must not work any longer. Called again when there is less time than was said. */
  readonly onLost: (loss: ActivationLoss) => void;
  /** It is asked to let another gateway work, and why. */
  readonly onYield: (reason: string) => void;
}

/**
 * Decides when a gateway that holds its port may work. Gateways of several hosts each hold a port of their own, and one
 * of them works.
 */
export interface Activation {
  /**
   * Resolves when this gateway may work.
   *
   * @param signal ends the wait
   * @throws {Error} it never may, or the signal was aborted
   */
  activate(signal: AbortSignal, events: ActivationEvents): Promise<void>;
  /** Lets another gateway work: every module has stopped. Safe before and during `activate`, and when called twice. */
  release(): Promise<void>;
}
