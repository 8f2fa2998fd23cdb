import { FleetLostError } from './fleet.error.js';

/** A connection to the database of the fleet, as a client of the package `pg` is one. */
export interface FencedClient {
  /** Runs one statement, with values for `$1` and so on. */
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly object[] }>;
}

/**
 * The right of this gateway to do what only the active one of its fleet may do. Injectable without a fleet too, so that a
 * module is written once: then it is always valid, and its token is 0.
 *
 * @example
 * ```ts
 * @Injectable()
 * class Mailer {
 *   constructor(private readonly lease: FleetLease) {}
 *   async send(): Promise<void> {
 *     this.lease.assert();
 *     await api.post({ fence: this.lease.token, signal: this.lease.lost });
 *   }
 * }
 * ```
 */
export abstract class FleetLease {
  /** The name of the fleet; empty without one. */
  abstract readonly name: string;
  /** Never used before, and greater than that of every holder before: what it is written with can be put in order. */
  abstract readonly token: bigint;
  /** Aborted, with a `FleetLostError`, when this gateway must not work any longer. */
  abstract readonly lost: AbortSignal;
  /** Whether this gateway may work at this very moment, by the clock and not by a timer. */
  abstract readonly valid: boolean;

  /** @throws {FleetLostError} this gateway may not work at this moment */
  assert(): void {
    if (!this.valid) throw new FleetLostError(this.name, 'this gateway is not the active one');
  }

  /**
   * Writes to the database of the fleet only as its holder: the work and the check of the token are one transaction.
   *
   * @param client a connection of the app's own, on which no transaction is open
   * @param work what it does on that connection
   * @throws {FleetLostError} another gateway has the fleet, and nothing was written
   */
  abstract fenced<T>(client: FencedClient, work: () => Promise<T>): Promise<T>;
}

/** Runs the work as one transaction, and ends it by the check. */
export async function inTransaction<T>(
  client: FencedClient,
  work: () => Promise<T>,
  check: () => Promise<void>,
): Promise<T> {
  await client.query('begin');
  try {
    const result = await work();
    await check();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** What a gateway without a fleet has: there is no other one. */
export class NoFleet extends FleetLease {
  readonly name = '';
  readonly token = 0n;
  readonly lost: AbortSignal = new AbortController().signal;
  readonly valid = true;

  fenced<T>(client: FencedClient, work: () => Promise<T>): Promise<T> {
    return inTransaction(client, work, () => Promise.resolve());
  }
}
