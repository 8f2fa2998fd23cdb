import { setTimeout as delay } from 'node:timers/promises';

import { Logger } from '@nestjs/common';

import { within } from '../common/deadline.js';
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
import {
  beginLease,
  isLeaseValid,
  isPredecessorGone,
  leaseDueAt,
  nextLease,
  type LeaseCommand,
  type LeaseEvent,
  type LeaseState,
  type LeaseTiming,
} from './lease.js';

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
/** How long an orderly stop waits for the database to hear of it. */
const RELEASE_MS = 500;
/** How long clients may be told of a loss where another gateway may be at work already. */
const FAREWELL_MS = 250;
/** How often a gateway that is lost looks at its clocks. */
const LOOK_MS = 100;
const SHARE_ROW = `select token::text as token from openclaw.fleet where name = $1 for share`;

/** Makes a gateway wait until it is the active one of its fleet, and stop as soon as it no longer certainly is. */
export class FleetService extends FleetLease implements Activation {
  readonly #parts: FleetParts;
  readonly #logger = new Logger('gateway');
  readonly #watch: FleetWatch;
  readonly #timing: LeaseTiming;
  readonly #lost = new AbortController();
  #state: LeaseState;
  #session: FleetSession | undefined;
  #connecting = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #releasing: Promise<unknown> = Promise.resolve();
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
    this.#state = beginLease(this.#watch.now).state;
  }

  get name(): string {
    return this.#parts.settings.name;
  }

  get token(): bigint {
    return this.#state.token;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get valid(): boolean {
    this.#lookAtClocks();
    return isLeaseValid(this.#state, this.#watch.now, this.#timing);
  }

  get view(): FleetOnCard {
    const { phase, token } = this.#state;
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
    return this.#state.phase === 'active' ? this.#watch.now - this.#state.provenAt : undefined;
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
    this.#perform(this.#state, [{ do: 'connect', session: this.#state.session, afterMs: 0 }]);
    return activated;
  }

  async release(): Promise<void> {
    this.#apply({ type: 'stop' });
    await this.#releasing;
  }

  /** The active one goes on until all its modules have stopped, and `release` says so. */
  #onStop(): void {
    if (this.#state.phase === 'active') return;
    this.#apply({ type: 'stop' });
    this.#reject(new Error('the gateway was told to stop while it stood by'));
  }

  #lookAtClocks(): void {
    if (this.#watch.hasJumped()) this.#step({ type: 'gap' });
  }

  #apply(event: LeaseEvent): void {
    this.#lookAtClocks();
    this.#step(event);
  }

  #step(event: LeaseEvent): void {
    const { state, commands } = nextLease(this.#state, event, this.#watch.now, this.#timing);
    this.#perform(state, commands);
  }

  #perform(state: LeaseState, commands: readonly LeaseCommand[]): void {
    const { phase: before, endBy } = this.#state;
    this.#state = state;
    for (const command of commands) this.#command(command);
    if (before !== state.phase || commands.some((command) => command.do === 'drop')) this.#onPhase(state);
    else if (endBy !== state.endBy) this.#onLost(state);
    clearTimeout(this.#timer);
    // A lost one still looks at its clocks: it may be suspended before it has ended.
    const dueMs = state.phase === 'lost' ? LOOK_MS : leaseDueAt(state, this.#timing) - this.#watch.now;
    if (Number.isFinite(dueMs)) this.#timer = setTimeout(() => this.#apply({ type: 'time' }), Math.max(dueMs, 1));
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

  #command(command: LeaseCommand): void {
    const { session: number } = this.#state;
    const session = this.#session;
    switch (command.do) {
      case 'connect':
        this.#connecting = new AbortController();
        return void this.#connect(command.session, command.afterMs, this.#connecting.signal);
      case 'drop':
        this.#connecting.abort();
        session?.destroy();
        this.#session = undefined;
        return;
      case 'release':
        this.#releasing = within(session?.release(this.#state.token) ?? Promise.resolve(), RELEASE_MS)
          .catch(() => undefined)
          .finally(() => session?.destroy());
        return;
      default:
        if (session) this.#ask(command.do, session, number);
    }
  }

  #ask(request: 'wait' | 'claim' | 'confirm' | 'heartbeat', session: FleetSession, number: number): void {
    this.#request(request, session, number).then(
      (event) => this.#apply(event),
      (error: unknown) => this.#onFailure(error, number),
    );
  }

  async #request(
    request: 'wait' | 'claim' | 'confirm' | 'heartbeat',
    session: FleetSession,
    number: number,
  ): Promise<LeaseEvent> {
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
        await session.heartbeat(this.#state.token);
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

  async #connect(number: number, afterMs: number, signal: AbortSignal): Promise<void> {
    try {
      if (afterMs > 0) await delay(afterMs * (0.5 + Math.random() / 2), undefined, { signal });
      const session = await this.#open(signal);
      if (signal.aborted) {
        session.destroy();
        return;
      }
      this.#session = session;
      void session.ended.then((reason) => this.#apply({ type: 'failed', session: number, reason }));
      this.#apply({ type: 'connected', session: number });
    } catch (error) {
      if (!signal.aborted) this.#onFailure(error, number);
    }
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
    const mayFail = this.#state.session === session && this.#state.phase !== 'active';
    if (mayFail && (isFinal || this.#parts.wait === 'fail')) {
      this.#apply({ type: 'stop' });
      this.#reject(failure);
    } else {
      this.#apply({ type: 'failed', session, reason: failure.message });
    }
  }
}

/** How long one wait in the server's queue takes, in milliseconds: an unbroken one would keep VACUUM from its work. */
function sliceOf({ sessionMs }: Pick<LeaseTiming, 'sessionMs'>): number {
  return Math.round((sessionMs * 2) / 3);
}
