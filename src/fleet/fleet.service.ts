import { Logger } from '@nestjs/common';

import type { FleetOnCard } from '../holder/gateway-card.service.js';
import type { Activation, ActivationLoss } from '../lock/activation.js';
import type { FleetSettings } from '../options/fleet.options.js';
import { parseDatabaseUrl, type Database } from './database-url.js';
import { describeFailure } from './database-failure.js';
import { FleetLostError, type FleetHolder } from './fleet.error.js';
import { FleetLease, inTransaction, type FencedClient } from './fleet-lease.js';
import type { FleetMember, FleetSession } from './fleet-session.js';
import { FleetWatch } from './fleet-watch.js';
import { refusalOf, describeFleetHolder } from './describe-fleet.js';
import { isPredecessorGone, type LeaseEvent, type LeaseState, type LeaseTiming } from './lease.js';
import { LeaseDriver, type LeaseRequest } from './lease-driver.js';

/** What a gateway of a fleet is put together from. */
export interface FleetParts {
  readonly settings: FleetSettings;
  /** `standby`: waits for as long as another gateway is active. `fail`: refuses to start. */
  readonly wait: 'fail' | 'standby';
  readonly member: FleetMember;
  /** @default the clocks of the system */
  readonly watch?: FleetWatch;
}

/** So that waiters do not all come back at once. */
const SLICE_JITTER = 0.2;
/** How long clients may be told of a loss where another gateway may be at work already. */
const FAREWELL_MS = 250;
const SHARE_ROW = `select token::text as token from openclaw.fleet where name = $1 for share`;

/** Makes a gateway wait until it is the active one of its fleet, and stop as soon as it no longer certainly is. */
export class FleetService extends FleetLease implements Activation {
  readonly #parts: FleetParts;
  readonly #logger = new Logger('gateway');
  readonly #watch: FleetWatch;
  readonly #timing: LeaseTiming;
  readonly #lease: LeaseDriver;
  readonly #lost = new AbortController();
  /** Something that is no PostgreSQL, or a pooler, is found out once. */
  #isProven = false;
  #holder: FleetHolder | undefined;
  #told: string | undefined;
  /** The database as it was last read, without the password. */
  #shown = 'a database';
  #resolve: () => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #reportLoss: (loss: ActivationLoss) => void = () => undefined;

  constructor(parts: FleetParts) {
    super();
    this.#parts = parts;
    this.#watch = parts.watch ?? new FleetWatch();
    const { timing } = parts.settings;
    this.#timing = { ...timing, sliceMs: sliceOf(timing) * (1 + SLICE_JITTER), answerMs: timing.leaseMs };
    this.#lease = new LeaseDriver({
      timing: this.#timing,
      watch: this.#watch,
      open: (signal) => this.#open(signal),
      ask: (request, session, number) => this.#ask(request, session, number),
      onFailure: (error, number) => this.#onFailure(error, number),
      onPhase: (state) => this.#onPhase(state),
      onShorter: (state) => this.#onLost(state),
    });
  }

  get name(): string {
    return this.#parts.settings.name;
  }

  get token(): bigint {
    return this.#lease.state.token;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get valid(): boolean {
    return this.#lease.isValid;
  }

  get view(): FleetOnCard {
    const { phase, token } = this.#lease.state;
    const holder = this.#holder;
    return {
      name: this.name,
      role: phase === 'active' ? 'active' : 'standby',
      token: token.toString(),
      active:
        phase === 'active' || !holder
          ? null
          : { host: holder.host, pid: holder.pid, url: holder.url, since: Math.round(holder.since) },
    };
  }

  /** How long ago the last answered heartbeat was sent, in milliseconds; undefined where this gateway is not active. */
  get heartbeatAgeMs(): number | undefined {
    const { phase, provenAt } = this.#lease.state;
    return phase === 'active' ? this.#watch.now - provenAt : undefined;
  }

  fenced<T>(client: FencedClient, work: () => Promise<T>): Promise<T> {
    this.assert();
    const { token } = this;
    return inTransaction(client, work, async () => {
      const { rows } = await client.query(SHARE_ROW, [this.name]);
      const [row] = rows as readonly { readonly token: string }[];
      if (row?.token !== token.toString()) throw new FleetLostError(this.name, 'another gateway has taken over');
    });
  }

  /** @throws {FleetError} another gateway is active and this one does not wait for it, or the database is of no use */
  activate(signal: AbortSignal, onLost: (loss: ActivationLoss) => void): Promise<void> {
    signal.throwIfAborted();
    this.#reportLoss = onLost;
    const activated = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    signal.addEventListener('abort', () => this.#onStop(), { once: true });
    this.#lease.begin();
    return activated;
  }

  release(): Promise<void> {
    return this.#lease.stop();
  }

  /** The active one goes on until all its modules have stopped, and `release` says so. */
  #onStop(): void {
    if (this.#lease.state.phase === 'active') return;
    void this.#lease.stop();
    this.#reject(new Error('the gateway was told to stop while it stood by'));
  }

  #onPhase(state: LeaseState): void {
    const { phase, reason = 'it was not said why', token } = state;
    if (phase === 'active') {
      this.#logger.log(`active in fleet ${this.name}, token ${token}`);
      this.#resolve();
    } else if (phase === 'quarantined') {
      const { sessionMs } = this.#timing;
      this.#tell(`has fleet ${this.name}, and waits for ${sessionMs} ms, in which its last holder may still work`);
    } else if (phase === 'connecting') {
      this.#tell(`without the database of fleet ${this.name}: ${reason}`);
    } else if (phase === 'lost') {
      this.#lost.abort(new FleetLostError(this.name, reason));
      this.#logger.error(`lost fleet ${this.name}: ${reason}; shutting down`);
      this.#onLost(state);
    }
  }

  #onLost({ endBy }: LeaseState): void {
    const cause = this.#lost.signal.reason as FleetLostError;
    this.#reportLoss({ cause, withinMs: Math.max(endBy - this.#watch.now, FAREWELL_MS) });
  }

  /**
   * Once for each change: a database may be away for hours.
   *
   * @param subject what the line is about
   * @default the line itself
   */
  #tell(line: string, subject = line): void {
    if (subject !== this.#told) this.#logger.warn(line);
    this.#told = subject;
  }

  async #ask(request: LeaseRequest, session: FleetSession, number: number): Promise<LeaseEvent> {
    switch (request) {
      case 'wait':
        return { type: (await this.#wait(session)) ? 'granted' : 'not granted', session: number };
      case 'claim': {
        const { token, ...facts } = await session.claim(this.#timing.sessionMs);
        const isClear = isPredecessorGone(facts, this.#parts.settings.strict);
        return { type: 'claimed', session: number, token, isClear };
      }
      case 'confirm':
        await session.confirm();
        return { type: 'confirmed', session: number };
      case 'heartbeat':
        await session.heartbeat(this.token);
        return { type: 'answered', session: number };
    }
  }

  /** @throws {FleetError} this gateway does not wait, and another one is active */
  async #wait(session: FleetSession): Promise<boolean> {
    if (await session.tryLock()) return true;
    const holder = await session.readHolder(this.#timing.leaseMs);
    this.#holder = holder;
    if (this.#parts.wait === 'fail') throw refusalOf(this.name, holder);
    if (holder) {
      this.#tell(`standing by in fleet ${this.name}, held by ${describeFleetHolder(holder)}`, `holder ${holder.token}`);
    }
    return session.wait(sliceOf(this.#timing) * (1 + SLICE_JITTER * (2 * Math.random() - 1)));
  }

  async #open(signal: AbortSignal): Promise<FleetSession> {
    // Loaded here, and with it `pg`: a gateway without a fleet does without both.
    const { FleetSession } = await import('./fleet-session.js');
    const { member } = this.#parts;
    const database = this.#database();
    const session = await FleetSession.open(database, member, signal);
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

  /** Read anew for each connection, since passwords are changed. */
  #database(): Database {
    const { url } = this.#parts.settings;
    const database = parseDatabaseUrl('fleet.url', typeof url === 'string' ? url : url());
    this.#shown = database.shown;
    return database;
  }

  #onFailure(error: unknown, session: number): void {
    const failure = describeFailure(error, this.#shown);
    // What does not pass by itself ends the start; later on it may be a password that is being changed.
    const isFinal = failure.code !== 'GATEWAY_FLEET_UNREACHABLE' && !this.#isProven;
    const { session: current, phase } = this.#lease.state;
    const mayFail = current === session && phase !== 'active';
    if (mayFail && (isFinal || this.#parts.wait === 'fail')) {
      void this.#lease.stop();
      this.#reject(failure);
    } else {
      this.#lease.apply({ type: 'failed', session, reason: failure.message });
    }
  }
}

/** How long one wait in the server's queue takes, in milliseconds: an unbroken one would keep VACUUM from its work. */
function sliceOf({ sessionMs }: Pick<LeaseTiming, 'sessionMs'>): number {
  return Math.round((sessionMs * 2) / 3);
}
