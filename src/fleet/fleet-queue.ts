import { setTimeout as delay } from 'node:timers/promises';

import type { FleetSettings } from '../options/fleet.options.js';
import { describeFleetHolder, refusalOf } from './describe-fleet.js';
import type { FleetDatabase } from './fleet-database.js';
import type { FleetMember, FleetSession, FoundHolder } from './fleet-session.js';

/** How a gateway waits to be the active one. */
export interface QueueParts {
  readonly settings: FleetSettings;
  /** `standby`: for as long as another gateway is active. `fail`: not at all. */
  readonly wait: 'fail' | 'standby';
  readonly member: FleetMember;
  readonly database: FleetDatabase;
  /** Called when there is something new to be said; the subject is what the line is about. */
  readonly tell: (line: string, subject: string) => void;
}

/** So that waiters do not all come back at once. */
export const SLICE_JITTER = 0.2;
/** How long a gateway lets the one go first that an operator has named. */
const STEP_ASIDE_MS = 100;
/** How often the database is asked at most who is active now. */
const LOOK_EVERY_MS = 1_000;

/** The way of a gateway to the lock of its fleet: it asks, waits in the server's queue, and knows who is active meanwhile. */
export class FleetQueue {
  readonly #parts: QueueParts;
  readonly #sliceMs: number;
  #holder: FoundHolder | undefined;
  /** The token of the holder that the operator was told of; a client of a standby can have another one looked up. */
  #told: bigint | undefined;
  /** The session in which that holder was still written down at the end of the last wait. */
  #waited: FleetSession | undefined;
  #lookedAt = -Infinity;
  /** The holder that was asked to stop. */
  #asked: bigint | undefined;
  #hasEndedHolder = false;

  constructor(parts: QueueParts) {
    this.#parts = parts;
    this.#sliceMs = sliceOf(parts.settings.timing);
  }

  /** Who was active at the last look. */
  get holder(): FoundHolder | undefined {
    return this.#holder;
  }

  /** Whether this gateway has ended the session of a holder, which then may still be at work. */
  get hasEndedHolder(): boolean {
    return this.#hasEndedHolder;
  }

  /**
   * Takes the lock, or waits for it for a while.
   *
   * @returns whether this gateway has it
   * @throws {FleetError} another gateway is active, and this one does not wait
   */
  async wait(session: FleetSession): Promise<boolean> {
    if (!(await this.#take(session))) return false;
    if (await session.isNext()) return true;
    await session.unlock();
    await delay(STEP_ASIDE_MS);
    return false;
  }

  /** Asks the database who is active now, over a connection of its own: the session of this gateway waits. */
  async lookAgain(): Promise<void> {
    if (performance.now() - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = performance.now();
    const { database, settings } = this.#parts;
    try {
      const session = await database.open(AbortSignal.timeout(settings.timing.leaseMs));
      this.#holder = await session.readHolder(settings.timing.leaseMs).finally(() => session.destroy());
    } catch {
      // What keeps it from the database is said by the session that waits.
    }
  }

  async #take(session: FleetSession): Promise<boolean> {
    // To ask who has the lock takes the server far more time than to wait for it.
    if (session !== this.#waited) {
      if (await session.tryLock()) return true;
      const { settings, wait, tell } = this.#parts;
      const holder = await session.readHolder(settings.timing.leaseMs);
      this.#holder = holder;
      if (holder && !holder.isStranger && settings.takeOver) return this.#takeOver(session, holder);
      if (wait === 'fail') throw refusalOf(settings.name, holder);
      this.#told = holder?.token;
      if (holder) {
        tell(`standing by in fleet ${settings.name}, held by ${describeFleetHolder(holder)}`, `holder ${holder.token}`);
      }
    }
    const jitter = SLICE_JITTER * (2 * Math.random() - 1);
    const { isGranted, token } = await session.wait(this.#sliceMs * (1 + jitter));
    this.#waited = !isGranted && token === this.#told ? session : undefined;
    return isGranted;
  }

  /** Has the active gateway stop, and ends its session where it does not. */
  async #takeOver(session: FleetSession, holder: FoundHolder): Promise<boolean> {
    const { settings, member, tell } = this.#parts;
    const who = `fleet ${settings.name}, ${describeFleetHolder(holder)}`;
    if (this.#asked !== holder.token) {
      this.#asked = holder.token;
      tell(`asks the active gateway of ${who}, to stop`, `asked ${holder.token}`);
      await session.askToYield(member.host);
    } else {
      tell(`ends the session of the active gateway of ${who}, which does not stop`, `ended ${holder.token}`);
      this.#hasEndedHolder = true;
      await session.endHolder();
    }
    return (await session.wait(Math.min(settings.timing.leaseMs, this.#sliceMs))).isGranted;
  }
}

/** How long one wait in the server's queue takes, in milliseconds: an unbroken one would keep VACUUM from its work. */
export function sliceOf({ sessionMs }: Pick<FleetSettings['timing'], 'sessionMs'>): number {
  return Math.round((sessionMs * 2) / 3);
}
