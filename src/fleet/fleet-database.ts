import { Tally } from '../control/metrics/tally.js';
import type { FleetSettings } from '../options/fleet.options.js';
import { describeFailure } from './database-failure.js';
import { parseDatabaseUrl } from './database-url.js';
import type { FleetError } from './fleet.error.js';
import type { FleetMember, FleetSession } from './fleet-session.js';

/** The database of a fleet, as its gateways connect to it. */
export class FleetDatabase {
  /** How attempts to connect have ended: `ok`, or the code of the failure. */
  readonly connects = new Tally();
  /** Something that is no PostgreSQL, or a pooler, is found out once. */
  #isProven = false;
  /** As it was last read, without the password. */
  #shown = 'a database';

  constructor(
    private readonly url: FleetSettings['url'],
    private readonly member: FleetMember,
  ) {}

  /** Whether it has been shown to be fit to keep a lock. */
  get isProven(): boolean {
    return this.#isProven;
  }

  /**
   * Opens a session that is fit to keep the lock.
   *
   * @throws {FleetError} there is none
   */
  async open(signal: AbortSignal): Promise<FleetSession> {
    try {
      const session = await this.#open(signal);
      this.connects.add('ok');
      return session;
    } catch (error) {
      const failure = this.describe(error);
      if (!signal.aborted) this.connects.add(failure.code);
      throw failure;
    }
  }

  /** What an operator is told of a failure, without the password. */
  describe(error: unknown): FleetError {
    return describeFailure(error, this.#shown);
  }

  async #open(signal: AbortSignal): Promise<FleetSession> {
    // Loaded here, and with it `pg`: a gateway without a fleet does without both.
    const { FleetSession } = await import('./fleet-session.js');
    // Read anew for each connection, since passwords are changed.
    const database = parseDatabaseUrl('fleet.url', typeof this.url === 'string' ? this.url : this.url());
    this.#shown = database.shown;
    const session = await FleetSession.open(database, this.member, signal);
    if (this.#isProven) return session;
    try {
      await session.prepare(database, signal);
      this.#isProven = true;
      return session;
    } catch (error) {
      session.destroy();
      throw error;
    }
  }
}
