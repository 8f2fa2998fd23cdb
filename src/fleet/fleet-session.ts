import type { Client, QueryResultRow } from 'pg';

import { within } from '../common/deadline.js';
import type { DatabaseHost, Database } from './database-url.js';
import { codeOf, describeFailure } from './database-failure.js';
import { FleetError, type FleetHolder } from './fleet.error.js';
import * as sql from './fleet-sql.js';
import type { PredecessorFacts } from './lease.js';

/** What a session needs to know of its gateway. */
export interface FleetMember {
  readonly fleet: string;
  readonly instance: string;
  readonly host: string;
  readonly version: string;
  readonly advertise: string | undefined;
}

/** Who answers, as it says itself. */
interface Answerer {
  readonly backend: number;
  readonly isReplica: boolean;
  readonly version: number;
  readonly isSynchronous: boolean;
  readonly hasTables: boolean;
  readonly locks: number;
}

/** Long enough for a server that is far away and busy, and within the heartbeats that a lease has. */
const CONNECT_MS = 5_000;
/** Until the lock is granted: a waiter that is gone is to block the others no longer. */
const WAITER_IDLE_MS = 5_000;
/** `idle_session_timeout` came with 14. */
const LEAST_VERSION = 140_000;
/** Of `pg_stat_activity`, which cuts longer names (NAMEDATALEN in PostgreSQL). */
const MAX_NAME = 63;

/**
 * One connection to the database that keeps a fleet's lock. It is used for one attempt: after any failure it is
 * destroyed, and nothing is ever continued on another one, since the lock went with it.
 */
export class FleetSession {
  /** Resolves with the reason when the session is of no use any more, by whatever end; never rejects. */
  readonly ended: Promise<string>;
  #isSynchronous = false;
  #version = 0;

  private constructor(
    private readonly client: Client,
    private readonly member: FleetMember,
    /** Where it is, without the password. */
    private readonly where: string,
  ) {
    this.ended = new Promise((resolve) => {
      client.on('error', (error) => resolve(error.message));
      client.on('end', () => resolve('the database has closed the connection'));
    });
  }

  /**
   * Connects to the first host that is not a replica, and sets what keeps the lock safe.
   *
   * @param signal ends the attempt
   * @throws {FleetError} none of them can be used; for the reason of the last one
   */
  static async open(database: Database, member: FleetMember, signal: AbortSignal): Promise<FleetSession> {
    let failure: unknown;
    for (const host of database.hosts) {
      const session = new FleetSession(await newClient(database, host, member), member, database.shown);
      const destroy = (): void => session.destroy();
      signal.addEventListener('abort', destroy);
      try {
        await session.#connect();
        return session;
      } catch (error) {
        session.destroy();
        failure = error;
      } finally {
        signal.removeEventListener('abort', destroy);
      }
      signal.throwIfAborted();
    }
    throw describeFailure(failure, database.shown);
  }

  /**
   * What is done once in the life of a process: makes the tables where they are missing, and probes the lock.
   *
   * @throws {FleetError} this user may not make them, or what is there does not keep a lock
   */
  async prepare(database: Database, signal: AbortSignal): Promise<void> {
    const { hasTables } = await this.#one<Answerer>(sql.WHO_ANSWERS);
    if (!hasTables) await this.#makeTables();
    await this.#probe(database, signal);
  }

  async #makeTables(): Promise<void> {
    try {
      await this.#query('begin');
      // Several gateways make them at once, and `if not exists` does not keep them apart.
      await this.#query('select pg_advisory_xact_lock($1)', [sql.lockKey('').toString()]);
      for (const statement of sql.CREATE_TABLES) await this.#query(statement);
      await this.#query('commit');
    } catch (error) {
      await this.#query('rollback').catch(() => undefined);
      if (codeOf(error) !== '42501') throw describeFailure(error, this.where);
      throw new FleetError(
        'GATEWAY_FLEET_NOT_ALLOWED',
        `${this.where}: this user may not make the tables of the fleet: have an administrator run what openclaw gateway fleet sql prints`,
      );
    }
  }

  /** Shows that another session is kept from a key that this one has: what only looks like PostgreSQL may not do so. */
  async #probe(database: Database, signal: AbortSignal): Promise<void> {
    const key = sql.lockKey(this.member.instance).toString();
    const other = await FleetSession.open(database, this.member, signal);
    try {
      const tryLock = 'select pg_try_advisory_lock($1) as granted';
      const [mine, its] = [
        await this.#one<{ granted: boolean }>(tryLock, [key]),
        await other.#one<{ granted: boolean }>(tryLock, [key]),
      ];
      await this.#query('select pg_advisory_unlock($1)', [key]);
      if (mine.granted && !its.granted) return;
      throw new FleetError(
        'GATEWAY_FLEET_UNFIT',
        `${this.where} gives one lock to two sessions: connect to PostgreSQL itself, without a pooler between`,
      );
    } finally {
      other.destroy();
    }
  }

  /** Waits for the lock, for a time that the server bounds. */
  async wait(sliceMs: number): Promise<boolean> {
    const results = (await this.client.query(sql.waitForLock(this.#key, sliceMs))) as unknown as {
      readonly rows: readonly { readonly granted: boolean }[];
    }[];
    return results.at(-1)?.rows[0]?.granted === true;
  }

  /** Takes the lock if it is free. */
  async tryLock(): Promise<boolean> {
    const { granted } = await this.#one<{ granted: boolean }>('select pg_try_advisory_lock($1) as granted', [
      this.#key.toString(),
    ]);
    return granted;
  }

  /** Writes this gateway down as the holder. */
  async claim(sessionMs: number): Promise<PredecessorFacts & { readonly token: bigint }> {
    const { fleet, instance, host, version, advertise } = this.member;
    await this.#query(sql.SET_HOLDER_LIMITS, [`${sessionMs}ms`]);
    const { token, ...facts } = await this.#one<PredecessorFacts & { token: string }>(sql.CLAIM, [
      fleet,
      this.#key.toString(),
      instance,
      host,
      process.pid,
      advertise ?? null,
      version,
    ]);
    return { ...facts, token: BigInt(token) };
  }

  async confirm(): Promise<void> {
    await this.#query(sql.CONFIRM, [this.member.fleet]);
  }

  /** @throws {Error} the server is not the primary any more, or the row has another holder */
  async heartbeat(token: bigint): Promise<void> {
    const { fleet } = this.member;
    const { rows } = this.#isSynchronous
      ? await this.#query<{ isReplica: boolean }>(sql.WRITING_HEARTBEAT, [fleet, token.toString()])
      : await this.#query<{ isReplica: boolean }>(sql.HEARTBEAT);
    if (rows[0] === undefined) throw new Error('the database has written another holder down');
    if (rows[0].isReplica) throw new Error('the server is not the primary any more');
  }

  /** Says that all work is over, so that the next one need not wait, and ends the session. */
  async release(token: bigint): Promise<void> {
    await this.#query(sql.RELEASE, [this.member.fleet, token.toString()]);
  }

  /** Who has the lock, or had it last; undefined where no gateway ever had. */
  async readHolder(
    leaseMs: number,
  ): Promise<(FleetHolder & { readonly isHeld: boolean; readonly isStranger: boolean }) | undefined> {
    interface Row {
      host: string | null;
      pid: number;
      version: string;
      token: string;
      url: string | null;
      since: number;
      heldBy: number | null;
      backend: number;
      silentMs: number | null;
    }
    const row = await this.#one<Row>(sql.READ_HOLDER, [this.member.fleet, this.#key.toString()]);
    const isHeld = row.heldBy !== null;
    if (row.host === null) {
      if (!isHeld) return undefined;
      return {
        host: '',
        pid: 0,
        version: '',
        token: 0n,
        url: null,
        since: 0,
        answers: 'unknown',
        isHeld,
        isStranger: true,
      };
    }
    const { host, pid, version, url, since, silentMs } = row;
    const answers = silentMs === null ? 'unknown' : silentMs < leaseMs;
    const isStranger = isHeld && row.heldBy !== row.backend;
    return { host, pid, version, token: BigInt(row.token), url, since, answers, isHeld, isStranger };
  }

  /** The other gateways of the fleet that are connected, and the last holders. */
  async readFleet(): Promise<{ readonly sessions: readonly SessionRow[]; readonly history: readonly HistoryRow[] }> {
    const { fleet } = this.member;
    const sessions = await this.#query<SessionRow>(sql.READ_SESSIONS, [`openclaw fleet ${fleet} `]);
    const history = await this.#query<HistoryRow>(sql.READ_HISTORY, [fleet]);
    return { sessions: sessions.rows, history: history.rows };
  }

  /** Ends the session of the holder: the key is free at once, and its gateway stops within its lease. */
  async terminate(backend: number): Promise<void> {
    await this.#query('select pg_terminate_backend($1)', [backend]);
  }

  /** At once: a wait that is under way would keep an orderly end from coming. */
  destroy(): void {
    (this.client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }

  /** The major version of the server. */
  get serverVersion(): string {
    return String(Math.floor(this.#version / 10_000));
  }

  get #key(): bigint {
    return sql.lockKey(this.member.fleet);
  }

  async #connect(): Promise<void> {
    const connecting = this.client.connect().then(() => true);
    connecting.catch(() => undefined);
    if (!(await within(connecting, CONNECT_MS))) throw new Error(`no answer within ${CONNECT_MS / 1_000} s`);
    await this.#query(sql.SET_LIMITS, [`${WAITER_IDLE_MS}ms`]);
    const answerer = await this.#one<Answerer>(sql.WHO_ANSWERS);
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

  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows what a statement answers
  async #query<Row extends QueryResultRow>(
    text: string,
    values?: unknown[],
  ): Promise<{ readonly rows: readonly Row[] }> {
    return this.client.query<Row>(text, values);
  }

  // The caller knows what the statement answers.

  async #one<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row> {
    const { rows } = await this.#query<Row>(text, values);
    if (!rows[0]) throw new Error('the database has answered with no row');
    return rows[0];
  }
}

/** Another gateway of the fleet that is connected. */
export interface SessionRow {
  readonly name: string;
  readonly state: string | null;
  readonly ageMs: number;
}

/** A holder of the past. */
export interface HistoryRow {
  readonly token: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly since: number;
}

/** A client that takes nothing from the environment or the home of the user: an empty text would make it look there. */
async function newClient(
  { user, password, database }: Database,
  { host, port, encryption }: DatabaseHost,
  { fleet, host: ownHost }: FleetMember,
): Promise<Client> {
  // A tenth of a second, which only a gateway with a fleet has to spend.
  const { default: pg } = await import('pg');
  return new pg.Client({
    host,
    port,
    user,
    database,
    password: () => password ?? '',
    ssl: encryption,
    application_name: `openclaw fleet ${fleet} ${ownHost}`.slice(0, MAX_NAME),
    options: ' ',
    client_encoding: 'UTF8',
    keepAlive: true,
  });
}
