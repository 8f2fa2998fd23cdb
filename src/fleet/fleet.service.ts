import { Logger } from '@nestjs/common';

import { DurationTally, type Tally } from '../control/metrics/tally.js';
import type { FleetOnCard } from '../listener/holder.js';
import { isLoopbackHost } from '../listener/listen-address.js';
import type { Activation, ActivationEvents } from '../lock/activation.js';
import type { FleetSettings } from '../options/fleet.options.js';
import { CloseCode } from '../serving/close-code.js';
import { FleetDatabase } from './fleet-database.js';
import { FleetLostError } from './fleet.error.js';
import { FleetLease, inTransaction, type FencedClient } from './fleet-lease.js';
import { FleetQueue, SLICE_JITTER, sliceOf } from './fleet-queue.js';
import type { FleetMember, FleetSession } from './fleet-session.js';
import { isAdvertisable } from './fleet-settings.js';
import { FleetWatch } from './fleet-watch.js';
import { isPredecessorGone, type LeaseEvent, type LeaseState, type LeaseTiming } from './lease.js';
import { LeaseDriver, type LeaseRequest } from './lease-driver.js';
import { FleetRelay } from './relay.js';

/** What a gateway of a fleet is put together from. */
export interface FleetParts {
  readonly settings: FleetSettings;
  /** `standby`: waits for as long as another gateway is active. `fail`: refuses to start. */
  readonly wait: 'fail' | 'standby';
  readonly member: FleetMember;
  /** How many clients this gateway may have. */
  readonly maxConnections: number;
  /** @default the clocks of the system */
  readonly watch?: FleetWatch;
}

/** How long clients may be told of a loss where another gateway may be at work already. */
const FAREWELL_MS = 250;
const SHARE_ROW = `select token::text as token from openclaw.fleet where name = $1 for share`;

const NO_EVENTS: ActivationEvents = { onLost: () => undefined, onYield: () => undefined };

/** Makes a gateway wait until it is the active one of its fleet, and stop as soon as it no longer certainly is. */
export class FleetService extends FleetLease implements Activation {
  /** Passes clients on while this gateway stands by. */
  readonly relay: FleetRelay;
  /** How long heartbeats have taken to be answered. */
  readonly heartbeats = new DurationTally();
  readonly #parts: FleetParts;
  readonly #logger = new Logger('gateway');
  readonly #watch: FleetWatch;
  readonly #timing: LeaseTiming;
  readonly #database: FleetDatabase;
  readonly #queue: FleetQueue;
  readonly #lease: LeaseDriver;
  readonly #lost = new AbortController();
  #told: string | undefined;
  #closing: Promise<void> = Promise.resolve();
  #resolve: () => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #events = NO_EVENTS;

  constructor(parts: FleetParts) {
    super();
    this.#parts = parts;
    this.#watch = parts.watch ?? new FleetWatch();
    const { settings, wait, member } = parts;
    const { timing } = settings;
    this.#timing = { ...timing, sliceMs: sliceOf(timing) * (1 + SLICE_JITTER), answerMs: timing.leaseMs };
    const database = new FleetDatabase(settings.url, member);
    const tell = (line: string, subject: string): void => this.#tell(line, subject);
    this.#database = database;
    this.#queue = new FleetQueue({ settings, wait, member, database, tell });
    this.#lease = new LeaseDriver({
      timing: this.#timing,
      watch: this.#watch,
      open: (signal) => database.open(signal),
      ask: (request, session, number) => this.#ask(request, session, number),
      onFailure: (error, number) => this.#onFailure(error, number),
      onPhase: (state) => this.#onPhase(state),
      onShorter: (state) => this.#onLost(state),
    });
    this.relay = new FleetRelay({
      fleet: settings.name,
      target: () => this.#activeUrl,
      onStale: () => void this.#queue.lookAgain(),
      most: Math.floor(parts.maxConnections / 2),
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
    const { holder } = this.#queue;
    return {
      name: this.name,
      role: this.#isActive ? 'active' : 'standby',
      token: this.token.toString(),
      active:
        this.#isActive || !holder
          ? null
          : { host: holder.host, pid: holder.pid, url: holder.url, since: Math.round(holder.since) },
    };
  }

  /** How long ago the last answered heartbeat was sent, in milliseconds; undefined where this gateway is not active. */
  get heartbeatAgeMs(): number | undefined {
    return this.#isActive ? this.#watch.now - this.#lease.state.provenAt : undefined;
  }

  /** How attempts to connect to the database have ended. */
  get connects(): Tally {
    return this.#database.connects;
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
  activate(signal: AbortSignal, events: ActivationEvents): Promise<void> {
    signal.throwIfAborted();
    this.#events = events;
    const activated = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    signal.addEventListener('abort', () => this.#onStop(), { once: true });
    this.#lease.begin();
    return activated;
  }

  async release(): Promise<void> {
    await Promise.all([this.#lease.stop(), this.#closing]);
  }

  get #isActive(): boolean {
    return this.#lease.state.phase === 'active';
  }

  /** What stands in a database is believed as little as what stands in a configuration file. */
  get #activeUrl(): string | undefined {
    const { holder } = this.#queue;
    if (this.#isActive || !holder?.isHeld || holder.isStranger) return undefined;
    const { url, host } = holder;
    const { member } = this.#parts;
    if (url === null || !isAdvertisable(url) || url === member.advertise) return undefined;
    // The loopback of another host is not reached from here: on this one any user may listen at that address.
    return isLoopbackHost(new URL(url).hostname) && host !== member.host ? undefined : url;
  }

  /** The active one goes on until all its modules have stopped, and `release` says so. */
  #onStop(): void {
    if (this.#isActive) return;
    void this.#lease.stop();
    this.#closing = this.relay.close({ code: CloseCode.GOING_AWAY, reason: 'gateway stopped' });
    this.#reject(new Error('the gateway was told to stop while it stood by'));
  }

  #onPhase(state: LeaseState): void {
    const { phase, reason = 'it was not said why', token } = state;
    if (phase === 'active') {
      this.#logger.log(`active in fleet ${this.name}, token ${token}`);
      this.#closing = this.relay.close({
        code: CloseCode.SERVICE_RESTART,
        reason: 'this gateway is the active one now',
      });
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
    this.#events.onLost({ cause, withinMs: Math.max(endBy - this.#watch.now, FAREWELL_MS) });
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
        return { type: (await this.#queue.wait(session)) ? 'granted' : 'not granted', session: number };
      case 'claim': {
        const { token, ...facts } = await session.claim(this.#timing.sessionMs);
        const isClear = isPredecessorGone(facts, this.#parts.settings.strict || this.#queue.hasEndedHolder);
        session.onAsked(() => void this.#onAsked(session));
        return { type: 'claimed', session: number, token, isClear };
      }
      case 'confirm':
        await session.confirm();
        return { type: 'confirmed', session: number };
      case 'heartbeat': {
        const sentAt = this.#watch.now;
        await session.heartbeat(this.token);
        this.heartbeats.add((this.#watch.now - sentAt) / 1_000);
        return { type: 'answered', session: number };
      }
    }
  }

  /** Any user of the database can send a notification; only one that may write the row can ask. */
  async #onAsked(session: FleetSession): Promise<void> {
    const wanted = await session.readWanted(this.token).catch(() => undefined);
    if (wanted === undefined || !this.#isActive) return;
    const heir = wanted === '' ? 'another gateway' : `host ${wanted}`;
    this.#logger.log(`asked to let ${heir} be the active one of fleet ${this.name}`);
    this.#events.onYield(`${heir} of fleet ${this.name} takes over`);
  }

  #onFailure(error: unknown, session: number): void {
    const failure = this.#database.describe(error);
    // What does not pass by itself ends the start; later on it may be a password that is being changed.
    const isFinal = failure.code !== 'GATEWAY_FLEET_UNREACHABLE' && !this.#database.isProven;
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
