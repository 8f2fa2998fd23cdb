/**
 * What only the program that runs the app can do for its gateway. Without `areListenersKept` no listener is kept for the
 * next process, without `handover` a hand-over is refused, and without `restart` a gateway that is to start anew stops.
 */
export interface GatewayRunner {
  /** Called when the port is held and served while another gateway of the fleet works. */
  readonly onStandby?: (() => void) | undefined;
  /**
   * Whether a service manager has copies of the listeners, and passes them to the next process. Connections that this
   * process has not accepted then wait for the next one. Those that it has accepted are answered before it ends.
   */
  readonly areListenersKept?: (() => boolean) | undefined;
  /**
   * Starts a successor, and resolves when this gateway is about to stop for it.
   *
   * @param timeoutMs how long the successor may take until it could start
   */
  readonly handover?: ((timeoutMs?: number) => Promise<void>) | undefined;
  /**
   * Stops this gateway and starts it anew.
   *
   * @param reason what clients are told
   * @returns whether it will
   */
  readonly restart?: ((reason: string) => boolean) | undefined;
}
