import { checkServerIdentity } from 'node:tls';

import type { Client, QueryResultRow } from 'pg';

import { within } from '../common/deadline.js';
import { codeOf, describeFailure } from './database-failure.js';
import type { Database, DatabaseHost } from './database-url.js';
import { FleetError } from './fleet.error.js';
import { SET_LIMITS, WHO_ANSWERS } from './fleet-sql.js';

/** Who answers, as it says itself. */
interface Answerer {
  readonly backend: number;
  readonly isReplica: boolean;
  readonly version: number;
  readonly isSynchronous: boolean;
}

/** Long enough for a server that is far away and busy, and within the heartbeats that a lease has. */
const CONNECT_MS = 5_000;
/** Until the lock is granted: a waiter that is gone is to block the others no longer. */
const WAITER_IDLE_MS = 5_000;
/** `idle_session_timeout` came with 14. */
const LEAST_VERSION = 140_000;
/** The longest name that `pg_stat_activity` does not cut (NAMEDATALEN in PostgreSQL). */
const MAX_NAME = 63;

/** One session of a server that can keep a lock: the primary, PostgreSQL itself, and new enough. */
export class DatabaseConnection {
  /** Resolves with the reason when the session is of no use any more, by whatever end; never rejects. */
  readonly ended: Promise<string>;
  #isSynchronous = false;
  #version = 0;

  private constructor(
    private readonly client: Client,
    /** Where it is, without the password. */
    readonly where: string,
  ) {
    this.ended = new Promise((resolve) => {
      client.on('error', (error) => resolve(error.message));
      client.on('end', () => resolve('the database has closed the connection'));
    });
  }

  /**
   * Connects to the first host that is not a replica, and sets what keeps the lock safe.
   *
   * @param name what an administrator sees in `pg_stat_activity`
   * @param signal ends the attempt
   * @throws {FleetError} none of them can be used; for the reason of the last one
   */
  static async open(database: Database, name: string, signal: AbortSignal): Promise<DatabaseConnection> {
    let failure: unknown;
    for (const host of database.hosts) {
      const connection = new DatabaseConnection(await newClient(database, host, name), database.shown);
      const destroy = (): void => connection.destroy();
      signal.addEventListener('abort', destroy);
      try {
        await connection.#connect();
        return connection;
      } catch (error) {
        connection.destroy();
        failure = error;
      } finally {
        signal.removeEventListener('abort', destroy);
      }
      signal.throwIfAborted();
    }
    throw describeFailure(failure, database.shown);
  }

  /** Whether the server waits for a synchronous standby, so that only a write notices that it has none. */
  get isSynchronous(): boolean {
    return this.#isSynchronous;
  }

  /** The major version of the server. */
  get serverVersion(): string {
    return String(Math.floor(this.#version / 10_000));
  }

  /** All rows that a statement answers with. */
  async rows<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<readonly Row[]> {
    return (await this.client.query<Row>(text, values)).rows;
  }

  /** The row that a statement answers with. */
  async row<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row> {
    const [row] = await this.rows<Row>(text, values);
    if (!row) throw new Error('the database has answered with no row');
    return row;
  }

  /** The row that the last one of several statements answers with. */
  async lastRow<Row extends QueryResultRow>(text: string): Promise<Row | undefined> {
    // The types of `pg` do not know of several.
    const results = (await this.client.query(text)) as unknown as { readonly rows: readonly Row[] }[];
    return results.at(-1)?.rows[0];
  }

  /** Calls back for each notification of a channel that the session listens to. */
  onNotification(callback: () => void): void {
    this.client.on('notification', callback);
  }

  /** At once: a wait that is under way would keep an orderly end from coming. */
  destroy(): void {
    (this.client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }

  async #connect(): Promise<void> {
    const connecting = this.client.connect().then(() => true);
    connecting.catch(() => undefined);
    if (!(await within(connecting, CONNECT_MS))) throw new Error(`no answer within ${CONNECT_MS / 1_000} s`);
    await this.rows(SET_LIMITS, [`${WAITER_IDLE_MS}ms`]);
    const answerer = await this.row<Answerer>(WHO_ANSWERS);
    const { processID } = this.client as unknown as { readonly processID: number };
    if (answerer.backend !== processID) {
      throw new FleetError(
        'GATEWAY_FLEET_UNFIT',
        `${this.where} is a pooler, which passes one session from client to client: connect to PostgreSQL itself`,
      );
    }
    if (answerer.version < LEAST_VERSION) {
      const major = Math.floor(answerer.version / 10_000);
      throw new FleetError('GATEWAY_FLEET_UNFIT', `${this.where} is PostgreSQL ${major}: a fleet needs 14 or newer`);
    }
    if (answerer.isReplica) {
      throw new FleetError(
        'GATEWAY_FLEET_UNREACHABLE',
        `${this.where} is a replica, which gives a lock that the primary knows nothing of: name the primary, or all hosts`,
      );
    }
    this.#isSynchronous = answerer.isSynchronous;
    this.#version = answerer.version;
  }
}

/** A client that takes nothing from the environment or the home of the user: an empty text would make it look there. */
async function newClient(
  { user, password, database }: Database,
  { host, port, encryption }: DatabaseHost,
  name: string,
): Promise<Client> {
  const { default: pg } = await loadDriver();
  return new pg.Client({
    host,
    port,
    user,
    database,
    password: () => password ?? '',
    // Without a name of its own, Node would look for localhost in the certificate of an IP address.
    ssl: encryption && { ...encryption, checkServerIdentity: (_name, own) => checkServerIdentity(host, own) },
    application_name: name.slice(0, MAX_NAME),
    options: ' ',
    client_encoding: 'UTF8',
    keepAlive: true,
  });
}

/**
 * Takes a tenth of a second, which only a gateway with a fleet has to spend.
 *
 * @throws {FleetError} the optional package is not installed
 */
function loadDriver(): Promise<{ readonly default: { readonly Client: typeof Client } }> {
  // Bundlers take a package that is not installed for a mistake, unless the failure is handled here.
  return import('pg').catch((error: unknown) => {
    if (codeOf(error)?.endsWith('MODULE_NOT_FOUND') !== true) throw error;
    throw new FleetError('GATEWAY_FLEET_UNFIT', 'a fleet needs the package pg, which is not installed: npm install pg');
  });
}
