/** How long things take in a fleet. */
export interface FleetTimingOptions {
  /**
   * The time between two heartbeats of the active gateway, in milliseconds. At most a third of `leaseMs`.
   * @default 2500
   */
  heartbeatMs?: number;
  /**
   * How long the active gateway works without an answer of the database, in milliseconds. At least 2000 less than
   * `sessionMs`.
   * @default 10000
   */
  leaseMs?: number;
  /**
   * How long the database keeps the lock for a gateway that it no longer hears, in milliseconds.
   * @default 15000
   */
  sessionMs?: number;
}

/** One active gateway of several hosts. */
export interface FleetOptions {
  /** The name that the gateways of the fleet share: 1 to 63 of `a-z`, `0-9` and `-`, not `-` first or last. */
  name: string;
  /**
   * The PostgreSQL database that decides, as `postgres://user:password@host:5432/database`. It may name several hosts,
   * separated by commas. Off loopback the connection is encrypted, and the certificate of the server verified.
   */
  url: string | (() => string);
  /**
   * Whether a gateway also waits until the lease of its predecessor is over where the session of that one has ended, since
   * a third party may have ended it.
   * @default false
   */
  strict?: boolean;
  /**
   * Where the other hosts reach this gateway, as `wss://gw1.example:8443`; `ws:` on loopback only.
   * @default none
   */
  advertise?: string;
  /**
   * Whether this gateway takes the place of the active one, which is asked to stop. Where it does not, its session is ended,
   * and this gateway works when the lease of that one is over.
   * @default false
   */
  takeOver?: boolean;
  /**
   * How long things take. The same for all gateways of a fleet.
   * @default {}
   */
  timing?: FleetTimingOptions;
}

export interface FleetSettings
  extends Required<Omit<FleetOptions, 'advertise' | 'timing'>>, Pick<FleetOptions, 'advertise'> {
  readonly timing: Required<FleetTimingOptions>;
}

export const FLEET_DEFAULTS = { strict: false, takeOver: false } as const;

export const FLEET_TIMING_DEFAULTS: Required<FleetTimingOptions> = {
  heartbeatMs: 2_500,
  leaseMs: 10_000,
  sessionMs: 15_000,
};
