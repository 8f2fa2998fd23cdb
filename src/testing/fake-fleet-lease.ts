import { FleetLease, inTransaction, type FencedClient } from '../fleet/fleet-lease.js';
import { FleetLostError } from '../fleet/fleet.error.js';

/** What a fake lease says of itself. */
export interface FakeLeaseOptions {
  /**
   * The name of the fleet.
   * @default 'office'
   */
  readonly name?: string;
  /** @default 1n */
  readonly token?: bigint;
}

/** A lease of no fleet, which a test can take away. */
export interface FakeFleetLease extends FleetLease {
  /** Pretends that this gateway must not work any longer. */
  lose(reason?: string): void;
}

/**
 * Makes a lease for unit tests. It is valid until the test takes it away.
 *
 * @example
 * ```ts
 * const lease = fakeFleetLease({ token: 7n });
 * const testing = await Test.createTestingModule({
 *   providers: [Mailer, { provide: FleetLease, useValue: lease }],
 * }).compile();
 * lease.lose();
 * await expect(testing.get(Mailer).send(mail)).rejects.toThrow(FleetLostError);
 * ```
 */
export function fakeFleetLease(options: FakeLeaseOptions = {}): FakeFleetLease {
  return new FakeLease(options);
}

class FakeLease extends FleetLease implements FakeFleetLease {
  readonly name: string;
  readonly token: bigint;
  readonly #lost = new AbortController();

  constructor({ name = 'office', token = 1n }: FakeLeaseOptions) {
    super();
    this.name = name;
    this.token = token;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get valid(): boolean {
    return !this.lost.aborted;
  }

  fenced<T>(client: FencedClient, work: () => Promise<T>): Promise<T> {
    this.assert();
    // The real one asks the database at the end.
    return inTransaction(client, work, () => {
      this.lost.throwIfAborted();
      return Promise.resolve();
    });
  }

  lose(reason = 'the test took it away'): void {
    this.#lost.abort(new FleetLostError(this.name, reason));
  }
}
