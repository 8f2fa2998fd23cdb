import type { BoundAddress, ClaimedListener } from '../listener/claimed-listener.js';

/**
 * - `standby`: the port is held, and another gateway of the same fleet works
 * - `starting`: the port is being taken, or other modules are still starting behind it
 * - `ready`: every bootstrap hook has run; clients are served
 * - `draining`: clients are told and let go
 * - `released`: the port is free
 */
export type GatewayPhase = 'standby' | 'starting' | 'ready' | 'draining' | 'released';

/** What all parts of a gateway share: its phase, and the addresses that it listens on. */
export class GatewayState {
  phase: GatewayPhase = 'starting';
  #listener: ClaimedListener | undefined;

  get isReady(): boolean {
    return this.phase === 'ready';
  }

  /** Whether the lock has been taken. */
  get isHeld(): boolean {
    return this.#listener !== undefined;
  }

  /**
   * Every address of the lock, in the order in which they were bound.
   *
   * @throws {Error} the lock is not held yet
   */
  get addresses(): readonly BoundAddress[] {
    return this.#held.addresses;
  }

  /**
   * The first address of the lock, `ws://host:port`.
   *
   * @throws {Error} the lock is not held yet
   */
  get url(): string {
    return this.#held.url;
  }

  /** Notes that the lock is held. */
  listensOn(listener: ClaimedListener): void {
    this.#listener = listener;
  }

  /**
   * Begins to serve clients: every bootstrap hook has run.
   *
   * @throws {Error} the gateway was told to stop in the meantime
   */
  open(): void {
    this.refuseIfStopping();
    this.phase = 'ready';
  }

  /** @throws {Error} the gateway was told to stop while it was starting */
  refuseIfStopping(): void {
    if (this.phase === 'starting' || this.phase === 'standby') return;
    throw new Error('the gateway was told to stop while it was starting');
  }

  get #held(): ClaimedListener {
    if (this.#listener) return this.#listener;
    throw new Error('the gateway lock is not held yet: its address is known from onApplicationBootstrap on');
  }
}
