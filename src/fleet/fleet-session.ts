import { DatabaseConnection } from './database-connection.js';
import { codeOf } from './database-failure.js';
import type { Database } from './database-url.js';
import type { FleetHolder } from './fleet.error.js';
import * as sql from './fleet-sql.js';
import type { PredecessorFacts } from './lease.js';
import { makeTables, proveLocks } from './prepare-database.js';

/** What a session needs to know of its gateway. */
export interface FleetMember {
  readonly fleet: string;
  readonly instance: string;
  readonly host: string;
  readonly version: string;
  readonly advertise: string | undefined;
}

/** Who has the lock, or had it last. */
export interface FoundHolder extends FleetHolder {
  readonly isHeld: boolean;
  /** Whether what holds it is not the gateway in the row. */
  readonly isStranger: boolean;
}

/** What came of a wait. */
export interface Waited {
  readonly isGranted: boolean;
  /** The token of the holder that is written down; 0 where none is. */
  readonly token: bigint;
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

/** SQLSTATE, where `lock_timeout` has passed. */
const LOCK_NOT_AVAILABLE = '55P03';

interface HolderRow {
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

interface WaitedRow {
  readonly isGranted: boolean;
  readonly token: string | null;
}

/** A key that is held by what has never written its name down. */
const STRANGER: FoundHolder = {
  host: '',
  pid: 0,
  version: '',
  token: 0n,
  url: null,
  since: 0,
  answers: 'unknown',
  isHeld: true,
  isStranger: true,
};

/**
 * One connection to the database that keeps a fleet's lock. It is used for one attempt: after any failure it is
 * destroyed, and nothing is ever continued on another one, since the lock went with it.
 */
export class FleetSession {
  private constructor(
    private readonly connection: DatabaseConnection,
    private readonly member: FleetMember,
  ) {}

  /**
   * Connects to the first host that is not a replica.
   *
   * @param signal ends the attempt
   * @throws {FleetError} none of them can be used; for the reason of the last one
   */
  static async open(database: Database, member: FleetMember, signal: AbortSignal): Promise<FleetSession> {
    return new FleetSession(await DatabaseConnection.open(database, nameOf(member), signal), member);
  }

  /** Resolves with the reason when the session is of no use any more, by whatever end; never rejects. */
  get ended(): Promise<string> {
    return this.connection.ended;
  }

  /** The major version of the server. */
  get serverVersion(): string {
    return this.connection.serverVersion;
  }

  /**
   * What is done once in the life of a process: makes the tables where they are missing, and probes the lock.
   *
   * @throws {FleetError} this user may not make them, or what is there does not keep a lock
   */
  async prepare(database: Database, signal: AbortSignal): Promise<void> {
    await makeTables(this.connection);
    const other = await DatabaseConnection.open(database, nameOf(this.member), signal);
    try {
      await proveLocks(this.connection, other, this.member.instance);
    } finally {
      other.destroy();
    }
  }

  /** Waits for the lock, for a time that the server bounds. */
  async wait(sliceMs: number): Promise<Waited> {
    const row = await this.connection.lastRow<WaitedRow>(sql.waitForLock(this.member.fleet, sliceMs));
    return { isGranted: row?.isGranted === true, token: BigInt(row?.token ?? 0) };
  }

  /** Gives the lock back that was just taken. */
  async unlock(): Promise<void> {
    await this.connection.rows(sql.UNLOCK, [this.#key.toString()]);
  }

  /** Whether this gateway may go first: an operator may have named another host that is there. */
  async isNext(): Promise<boolean> {
    const { fleet, host } = this.member;
    const [next] = await this.connection.rows<{ wanted: string }>(sql.READ_NEXT, [fleet, host]);
    if (next === undefined) return true;
    const name = nameOf({ fleet, host: next.wanted });
    return !(await this.connection.row<{ isConnected: boolean }>(sql.IS_CONNECTED, [name])).isConnected;
  }

  /** Takes the lock if it is free. */
  async tryLock(): Promise<boolean> {
    return (await this.connection.row<{ granted: boolean }>(sql.TRY_LOCK, [this.#key.toString()])).granted;
  }

  /** Writes this gateway down as the holder. */
  async claim(sessionMs: number): Promise<PredecessorFacts & { readonly token: bigint }> {
    await this.connection.rows(sql.SET_HOLDER_LIMITS, [`${sessionMs}ms`]);
    try {
      return await this.#claim();
    } catch (error) {
      if (codeOf(error) !== LOCK_NOT_AVAILABLE) throw error;
      // A holder before that was frozen in the midst of `fenced`: what it has not committed is not to be.
      await this.connection.rows(sql.END_FROZEN);
      return this.#claim();
    }
  }

  async #claim(): Promise<PredecessorFacts & { readonly token: bigint }> {
    const { fleet, instance, host, version, advertise } = this.member;
    const key = this.#key.toString();
    const values = [fleet, key, instance, host, process.pid, advertise ?? null, version];
    const { token, ...facts } = await this.connection.row<PredecessorFacts & { token: string }>(sql.CLAIM, values);
    await this.connection.rows(sql.listenFor(this.#key));
    return { ...facts, token: BigInt(token) };
  }

  /** Calls back each time that this holder may have been asked to stop. */
  onAsked(callback: () => void): void {
    this.connection.onNotification(callback);
  }

  /** The host that is to be the next one, empty for any; undefined where this holder was not asked to stop. */
  async readWanted(token: bigint): Promise<string | undefined> {
    const [row] = await this.connection.rows<{ wanted: string }>(sql.READ_WANTED, [
      this.member.fleet,
      token.toString(),
    ]);
    return row?.wanted;
  }

  /**
   * Asks the holder to stop.
   *
   * @param host the one that is to be next; empty for any
   */
  async askToYield(host: string): Promise<void> {
    await this.connection.rows(sql.ASK_TO_YIELD, [this.member.fleet, host, sql.channelOf(this.#key)]);
  }

  /** Ends the session of the holder, which this role has to be allowed to: its own are. */
  async endHolder(): Promise<void> {
    await this.connection.rows(sql.END_HOLDER, [this.#key.toString()]);
  }

  async confirm(): Promise<void> {
    await this.connection.rows(sql.CONFIRM, [this.member.fleet]);
  }

  /** @throws {Error} the server is not the primary any more, or the row has another holder */
  async heartbeat(token: bigint): Promise<void> {
    const [row] = this.connection.isSynchronous
      ? await this.connection.rows<{ isReplica: boolean }>(sql.WRITING_HEARTBEAT, [this.member.fleet, token.toString()])
      : await this.connection.rows<{ isReplica: boolean }>(sql.HEARTBEAT);
    if (row === undefined) throw new Error('the database has written another holder down');
    if (row.isReplica) throw new Error('the server is not the primary any more');
  }

  /** Says that all work is over, so that the next one need not wait. */
  async release(token: bigint): Promise<void> {
    await this.connection.rows(sql.RELEASE, [this.member.fleet, token.toString()]);
  }

  /** Who has the lock, or had it last; undefined where no gateway ever had. */
  async readHolder(leaseMs: number): Promise<FoundHolder | undefined> {
    const row = await this.connection.row<HolderRow>(sql.READ_HOLDER, [this.member.fleet, this.#key.toString()]);
    const { host, pid, version, url, since, silentMs, heldBy, backend } = row;
    const isHeld = heldBy !== null;
    if (host === null) return isHeld ? STRANGER : undefined;
    const answers = silentMs === null ? 'unknown' : silentMs < leaseMs;
    const isStranger = isHeld && heldBy !== backend;
    return { host, pid, version, token: BigInt(row.token), url, since, answers, isHeld, isStranger };
  }

  /** The other gateways of the fleet that are connected, and the last holders. */
  async readFleet(): Promise<{ readonly sessions: readonly SessionRow[]; readonly history: readonly HistoryRow[] }> {
    const { fleet } = this.member;
    const sessions = await this.connection.rows<SessionRow>(sql.READ_SESSIONS, [`openclaw fleet ${fleet} `]);
    const history = await this.connection.rows<HistoryRow>(sql.READ_HISTORY, [fleet]);
    return { sessions, history };
  }

  /** The hosts whose gateways wait for the lock at this moment, or did a moment ago. */
  async standbys(): Promise<readonly string[]> {
    const prefix = `openclaw fleet ${this.member.fleet} `;
    const rows = await this.connection.rows<{ host: string }>(sql.READ_STANDBYS, [prefix, this.#key.toString()]);
    return rows.map(({ host }) => host);
  }

  /** Whether the tables of the fleets are there. */
  async hasTables(): Promise<boolean> {
    return (await this.connection.row<{ hasTables: boolean }>(sql.HAS_TABLES)).hasTables;
  }

  /** At once: a wait that is under way would keep an orderly end from coming. */
  destroy(): void {
    this.connection.destroy();
  }

  get #key(): bigint {
    return sql.lockKey(this.member.fleet);
  }
}

function nameOf({ fleet, host }: Pick<FleetMember, 'fleet' | 'host'>): string {
  return `openclaw fleet ${fleet} ${host}`;
}
