import { setTimeout as delay } from 'node:timers/promises';

import { within } from '../common/deadline.js';
import type { FleetSession } from './fleet-session.js';
import type { FleetWatch } from './fleet-watch.js';
import {
  beginLease,
  isLeaseValid,
  leaseDueAt,
  nextLease,
  type LeaseCommand,
  type LeaseEvent,
  type LeaseState,
  type LeaseTiming,
} from './lease.js';

/** What a lease asks of the database. */
export type LeaseRequest = 'wait' | 'claim' | 'confirm' | 'heartbeat';

/** What the rules of a lease are played with. */
export interface LeaseParts {
  readonly timing: LeaseTiming;
  readonly watch: FleetWatch;
  /** Opens a session that is fit to keep the lock. */
  readonly open: (signal: AbortSignal) => Promise<FleetSession>;
  /** Asks a session, and says what its answer means for the lease. */
  readonly ask: (request: LeaseRequest, session: FleetSession, number: number) => Promise<LeaseEvent>;
  /** A session could not be opened, or has failed. */
  readonly onFailure: (error: unknown, number: number) => void;
  /** The lease has come to another phase, or begins anew. */
  readonly onPhase: (state: LeaseState) => void;
  /** Less time is left to stop than was said. */
  readonly onShorter: (state: LeaseState) => void;
}

/** How long an orderly stop waits for the database to hear of it. */
const RELEASE_MS = 500;
/** How often a gateway that is lost looks at its clocks. */
const LOOK_MS = 100;

/** Does what the rules of the lease command, with real sessions, clocks and timers. */
export class LeaseDriver {
  readonly #parts: LeaseParts;
  #state: LeaseState;
  #session: FleetSession | undefined;
  #connecting = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #releasing: Promise<unknown> = Promise.resolve();

  constructor(parts: LeaseParts) {
    this.#parts = parts;
    this.#state = beginLease(parts.watch.now).state;
  }

  get state(): LeaseState {
    return this.#state;
  }

  /** Whether this gateway may work at this very moment, by the clock and not by a timer. */
  get isValid(): boolean {
    const { watch, timing } = this.#parts;
    this.#lookAtClocks();
    return isLeaseValid(this.#state, watch.now, timing);
  }

  begin(): void {
    const { state, commands } = beginLease(this.#parts.watch.now);
    this.#perform(state, commands);
  }

  apply(event: LeaseEvent): void {
    this.#lookAtClocks();
    this.#step(event);
  }

  /** All work is over. Resolves when the database has heard of it, or was given the time to. */
  async stop(): Promise<void> {
    this.apply({ type: 'stop' });
    await this.#releasing;
  }

  #lookAtClocks(): void {
    if (this.#parts.watch.hasJumped()) this.#step({ type: 'gap' });
  }

  #step(event: LeaseEvent): void {
    const { watch, timing } = this.#parts;
    const { state, commands } = nextLease(this.#state, event, watch.now, timing);
    this.#perform(state, commands);
  }

  #perform(state: LeaseState, commands: readonly LeaseCommand[]): void {
    const { timing, watch, onPhase, onShorter } = this.#parts;
    const { phase: before, endBy } = this.#state;
    this.#state = state;
    for (const command of commands) this.#command(command);
    if (before !== state.phase || commands.some((command) => command.do === 'drop')) onPhase(state);
    else if (endBy !== state.endBy) onShorter(state);
    clearTimeout(this.#timer);
    // A lost one still looks at its clocks: it may be suspended before it has ended.
    const dueMs = state.phase === 'lost' ? LOOK_MS : leaseDueAt(state, timing) - watch.now;
    if (Number.isFinite(dueMs)) this.#timer = setTimeout(() => this.apply({ type: 'time' }), Math.max(dueMs, 1));
  }

  #command(command: LeaseCommand): void {
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
        if (session) this.#ask(command.do, session, this.#state.session);
    }
  }

  #ask(request: LeaseRequest, session: FleetSession, number: number): void {
    const { ask, onFailure } = this.#parts;
    ask(request, session, number).then(
      (event) => this.apply(event),
      (error: unknown) => onFailure(error, number),
    );
  }

  async #connect(number: number, afterMs: number, signal: AbortSignal): Promise<void> {
    const { open, onFailure } = this.#parts;
    try {
      if (afterMs > 0) await delay(afterMs * (0.5 + Math.random() / 2), undefined, { signal });
      const session = await open(signal);
      if (signal.aborted) {
        session.destroy();
        return;
      }
      this.#session = session;
      void session.ended.then((reason) => this.apply({ type: 'failed', session: number, reason }));
      this.apply({ type: 'connected', session: number });
    } catch (error) {
      if (!signal.aborted) onFailure(error, number);
    }
  }
}
