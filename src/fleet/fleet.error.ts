/**
 * - `GATEWAY_FLEET_IN_USE`: another gateway of the fleet is active
 * - `GATEWAY_FLEET_STRANGER`: another program holds the key of the fleet
 * - `GATEWAY_FLEET_UNREACHABLE`: the database cannot be reached, is full, or is not the primary
 * - `GATEWAY_FLEET_NOT_ALLOWED`: it refuses the user, or what the user may do; or its certificate is not trusted
 * - `GATEWAY_FLEET_UNFIT`: what is there cannot keep a lock: a pooler, an old server, something that is no PostgreSQL; or the
 *   package `pg` is not there
 * - `GATEWAY_FLEET_LOST`: this gateway was active, and must not work any longer
 */
export type FleetErrorCode =
  | 'GATEWAY_FLEET_IN_USE'
  | 'GATEWAY_FLEET_STRANGER'
  | 'GATEWAY_FLEET_UNREACHABLE'
  | 'GATEWAY_FLEET_NOT_ALLOWED'
  | 'GATEWAY_FLEET_UNFIT'
  | 'GATEWAY_FLEET_LOST';

/** What the database says of the gateway that is active, or was the last to be. */
export interface FleetHolder {
  /** The name of its host. */
  readonly host: string;
  /** The process ID, on that host. */
  readonly pid: number;
  /** The version of its program. */
  readonly version: string;
  /** Greater than that of each one before. */
  readonly token: bigint;
  /** Where the other hosts reach it; null where it does not say. */
  readonly url: string | null;
  /** When it took over, in milliseconds since the epoch, by the clock of the database. */
  readonly since: number;
  /** Whether it has answered within the last seconds; `unknown` where this user may not see it. */
  readonly answers: boolean | 'unknown';
}

/** A gateway cannot be, or stay, the active one of its fleet. The message has no password in it. */
export class FleetError extends Error {
  override readonly name: string = 'FleetError';

  constructor(
    readonly code: FleetErrorCode,
    message: string,
    /** With `GATEWAY_FLEET_IN_USE`. */
    readonly holder?: FleetHolder,
    /** The name of the fleet, where there is a holder. */
    readonly fleet?: string,
  ) {
    super(message);
  }
}

/** This gateway must not do what only the active one of its fleet may do. */
export class FleetLostError extends FleetError {
  override readonly name = 'FleetLostError';

  constructor(fleet: string, reason: string) {
    super('GATEWAY_FLEET_LOST', `lost fleet ${fleet}: ${reason}`);
  }
}
