import {
  beginLease,
  isLeaseValid,
  isPredecessorGone,
  leaseDueAt,
  nextLease,
  type LeaseCommand,
  type LeaseEvent,
  type LeaseState,
  type LeaseStep,
  type LeaseTiming,
  type PredecessorFacts,
} from '../../src/fleet/lease.js';

/** The rules of the code, of which a test can break one. */
export interface Rules {
  readonly next: typeof nextLease;
  readonly isGone: typeof isPredecessorGone;
  /** Whether a claim already says that its gateway is active, and not only what follows the quarantine. */
  readonly claimConfirms?: boolean;
  readonly timing?: LeaseTiming;
  /** Whether a process that was suspended looks at its clocks before it works on. */
  readonly seesGaps?: boolean;
}

export const RULES: Rules = { next: nextLease, isGone: isPredecessorGone };

/** What happens to the world, beside the gateways' own doing. */
export interface Incident {
  /** After the incident before, in milliseconds. */
  readonly afterMs: number;
  readonly kind:
    | 'freeze'
    | 'suspend'
    | 'wake'
    | 'cut'
    | 'heal'
    | 'stop'
    | 'restart'
    | 'crash'
    | 'failover'
    /** The standby server has received all. */
    | 'replicate'
    | 'terminate';
  /** The gateway that it happens to. */
  readonly gateway: number;
}

interface Session {
  readonly gateway: number;
  readonly number: number;
  /** A session that waits or works is not idle. */
  idleSince: number | undefined;
  idleMs: number;
  waitsUntil: number | undefined;
}

interface Row {
  readonly token: bigint;
  readonly released: boolean;
  readonly timeline: number;
}

/** The database, as far as the lease depends on it. Its timers are exact, and its answers take no time. */
class Server {
  sessions: Session[] = [];
  holder: Session | undefined;
  row: Row | undefined;
  #started = 1;
  #timeline = 1;
  #sequence = 0n;
  /** In a table that a crash and a promotion empty. */
  #epoch: number | undefined;
  /** What a standby server has received of the row and the sequence, at some time. */
  #replica: { row: Row | undefined; sequence: bigint } = { row: undefined, sequence: 0n };

  constructor(
    readonly world: LeaseWorld,
    readonly timing: LeaseTiming,
  ) {}

  open(session: Session): void {
    this.sessions.push(session);
    session.idleSince = this.world.now;
  }

  end(session: Session, isTold = true): void {
    if (!this.sessions.includes(session)) return;
    this.sessions = this.sessions.filter((one) => one !== session);
    if (isTold) this.world.answer(session, { type: 'failed', session: session.number, reason: 'ended' });
    if (this.holder === session) {
      this.holder = undefined;
      this.#grant();
    }
  }

  request(session: Session, request: LeaseCommand['do']): void {
    if (!this.sessions.includes(session)) return;
    const { number } = session;
    session.idleSince = this.world.now;
    switch (request) {
      case 'wait':
        session.idleSince = undefined;
        session.waitsUntil = this.world.now + this.timing.sliceMs;
        this.#grant();
        return;
      case 'claim': {
        session.idleMs = this.timing.sessionMs;
        const facts: PredecessorFacts = {
          isKnown: this.row !== undefined,
          isReleased: this.row?.released ?? false,
          isSameTimeline: this.row?.timeline === this.#timeline,
          isSameRun: this.#epoch === this.#started,
          isFirstTimeline: this.#timeline === 1,
        };
        this.#sequence++;
        const token = (BigInt(this.#timeline) << 32n) | this.#sequence;
        this.world.tokens.push(token);
        this.row = { token, released: false, timeline: this.#timeline };
        if (this.world.rules.claimConfirms) this.#epoch = this.#started;
        const isClear = this.world.rules.isGone(facts, this.world.isStrict);
        this.world.answer(session, { type: 'claimed', session: number, token, isClear });
        return;
      }
      case 'confirm':
        this.#epoch = this.#started;
        this.world.answer(session, { type: 'confirmed', session: number });
        return;
      case 'release':
        if (this.row) this.row = { ...this.row, released: true };
        this.end(session, false);
        return;
      default:
        this.world.answer(session, { type: 'answered', session: number });
    }
  }

  /** When something is due by itself. */
  dueAt(): number {
    return Math.min(
      ...this.sessions.map(({ idleSince, idleMs, waitsUntil }) =>
        Math.min(idleSince === undefined ? Infinity : idleSince + idleMs, waitsUntil ?? Infinity),
      ),
    );
  }

  onTime(): void {
    for (const session of [...this.sessions]) {
      const { idleSince, idleMs, waitsUntil, number } = session;
      if (idleSince !== undefined && idleSince + idleMs <= this.world.now) this.end(session);
      else if (waitsUntil !== undefined && waitsUntil <= this.world.now) {
        session.waitsUntil = undefined;
        session.idleSince = this.world.now;
        this.world.answer(session, { type: 'not granted', session: number });
      }
    }
  }

  /** Ends every session. */
  restart(kind: 'restart' | 'crash' | 'failover'): void {
    if (kind !== 'crash') this.#started++;
    if (kind !== 'restart') this.#epoch = undefined;
    if (kind === 'failover') {
      this.#timeline++;
      this.row = this.#replica.row;
      this.#sequence = this.#replica.sequence;
    }
    const { sessions } = this;
    this.holder = undefined;
    this.sessions = [];
    for (const session of sessions) {
      this.world.answer(session, { type: 'failed', session: session.number, reason: kind });
    }
  }

  /** A standby server catches up. */
  replicate(): void {
    this.#replica = { row: this.row, sequence: this.#sequence };
  }

  #grant(): void {
    if (this.holder) return;
    const first = this.sessions.find(({ waitsUntil }) => waitsUntil !== undefined);
    if (!first) return;
    this.holder = first;
    first.waitsUntil = undefined;
    first.idleSince = this.world.now;
    this.world.answer(first, { type: 'granted', session: first.number });
  }
}

/** A gateway: its state, its clock, and what is under way between it and the server. */
interface Gateway {
  readonly index: number;
  state: LeaseState;
  sleeps: 'no' | 'frozen' | 'suspended';
  sleptSince: number;
  /** How much less its monotonic clock shows than the time that has passed. */
  uncountedMs: number;
  /** How much of it it has noticed. */
  seenMs: number;
  isCut: boolean;
  /** What has arrived at it while it slept. */
  inbox: LeaseEvent[];
  /** What travels, or is held up by a cut: the kernel sends it again when the way is free. */
  heldUp: (() => void)[];
  session: Session | undefined;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

const WAITER_IDLE_MS = 5_000;

/** Gateways, a database and a network, in a time of their own. Says what it has seen when two gateways worked at once. */
export class LeaseWorld {
  now = 0;
  readonly tokens: bigint[] = [];
  /** How often a gateway became active. */
  activations = 0;
  collision: string | undefined;

  readonly #server: Server;
  readonly #gateways: Gateway[];
  readonly #history: string[] = [];
  #timers: Timer[] = [];
  #order = 0;

  /** @param delayMs the time that the next message travels */
  constructor(
    readonly timing: LeaseTiming,
    readonly isStrict: boolean,
    readonly rules: Rules,
    gateways: number,
    private readonly delayMs: () => number,
  ) {
    this.#server = new Server(this, timing);
    this.#gateways = Array.from({ length: gateways }, (_, index) => ({
      index,
      state: beginLease(0).state,
      sleeps: 'no',
      sleptSince: 0,
      uncountedMs: 0,
      seenMs: 0,
      isCut: false,
      inbox: [],
      heldUp: [],
      session: undefined,
    }));
    for (const gateway of this.#gateways) this.#perform(gateway, beginLease(0));
  }

  /** Lets everything happen, and time go on for a while after it. */
  run(incidents: readonly Incident[]): void {
    for (const incident of incidents) {
      this.#runUntil(this.now + incident.afterMs);
      this.#happen(incident);
    }
    this.#runUntil(this.now + 2 * this.timing.sessionMs);
  }

  /** How often any of them has become active, and whether the tokens only ever grew. */
  get areTokensAscending(): boolean {
    return this.tokens.every((token, index) => index === 0 || token > (this.tokens[index - 1] ?? 0n));
  }

  answer({ gateway, number }: Session, event: LeaseEvent): void {
    const to = this.#gateways[gateway];
    if (to) this.#travel(to, () => number === to.state.session && this.#hear(to, event));
  }

  #happen({ kind, gateway: index }: Incident): void {
    const gateway = this.#gateways[index % this.#gateways.length];
    if (!gateway) return;
    this.#history.push(`${this.now} ${kind} ${gateway.index}`);
    switch (kind) {
      case 'freeze':
      case 'suspend':
        if (gateway.sleeps !== 'no') return;
        gateway.sleeps = kind === 'freeze' ? 'frozen' : 'suspended';
        gateway.sleptSince = this.now;
        return;
      case 'wake': {
        this.#wake(gateway);
        return;
      }
      case 'cut':
        gateway.isCut = true;
        return;
      case 'heal':
        gateway.isCut = false;
        for (const arrive of gateway.heldUp.splice(0)) this.#travel(gateway, arrive);
        return;
      case 'stop':
        if (gateway.sleeps === 'no') this.#step(gateway, { type: 'stop' });
        return;
      case 'replicate':
        this.#server.replicate();
        return;
      case 'terminate':
        if (this.#server.holder) this.#server.end(this.#server.holder);
        return;
      default:
        this.#server.restart(kind);
    }
  }

  #wake(gateway: Gateway): void {
    const { sleeps } = gateway;
    if (sleeps === 'no') return;
    gateway.sleeps = 'no';
    if (sleeps === 'suspended') {
      gateway.uncountedMs += this.now - gateway.sleptSince;
      if (gateway.uncountedMs - gateway.seenMs > 1_000 && this.rules.seesGaps !== false) {
        gateway.seenMs = gateway.uncountedMs;
        this.#step(gateway, { type: 'gap' });
      }
    }
    // Its own timers can run after its work does.
    this.#look();
    for (const event of gateway.inbox.splice(0)) this.#step(gateway, event);
    this.#step(gateway, { type: 'time' });
  }

  #hear(gateway: Gateway, event: LeaseEvent): void {
    if (gateway.sleeps === 'no') this.#step(gateway, event);
    else gateway.inbox.push(event);
  }

  #clockOf({ uncountedMs }: Gateway): number {
    return this.now - uncountedMs;
  }

  #step(gateway: Gateway, event: LeaseEvent): void {
    const before = gateway.state.phase;
    const step = this.rules.next(gateway.state, event, this.#clockOf(gateway), this.timing);
    this.#perform(gateway, step);
    if (before !== 'active' && gateway.state.phase === 'active') this.activations++;
    if (before !== gateway.state.phase) this.#history.push(`${this.now} ${gateway.index} is ${gateway.state.phase}`);
    this.#look();
  }

  #perform(gateway: Gateway, { state, commands }: LeaseStep): void {
    gateway.state = state;
    for (const command of commands) this.#command(gateway, command);
    // Later than now, also for a broken rule that leaves undone what is due.
    const dueAt = Math.max(leaseDueAt(state, this.timing) + gateway.uncountedMs, this.now + 100);
    if (Number.isFinite(dueAt)) {
      this.#at(dueAt, () => gateway.state === state && this.#hear(gateway, { type: 'time' }));
    }
  }

  #command(gateway: Gateway, command: LeaseCommand): void {
    if (command.do === 'connect') {
      const session: Session = {
        gateway: gateway.index,
        number: command.session,
        idleSince: undefined,
        idleMs: WAITER_IDLE_MS,
        waitsUntil: undefined,
      };
      gateway.session = session;
      this.#at(this.now + command.afterMs, () => {
        if (gateway.session !== session) return;
        this.#travel(gateway, () => {
          this.#server.open(session);
          this.answer(session, { type: 'connected', session: session.number });
        });
      });
      return;
    }
    const { session } = gateway;
    if (!session) return;
    if (command.do === 'drop') {
      gateway.session = undefined;
      this.#travel(gateway, () => this.#server.end(session, false));
    } else {
      this.#travel(gateway, () => this.#server.request(session, command.do));
    }
  }

  /** On its way between a gateway and the server: in the order of sending, as TCP has it. */
  #travel(gateway: Gateway, arrive: () => void): void {
    this.#at(this.now + this.delayMs(), () => {
      if (gateway.isCut) gateway.heldUp.push(arrive);
      else arrive();
    });
  }

  #at(at: number, run: () => void): void {
    this.#timers.push({ at, order: this.#order++, run });
  }

  #runUntil(end: number): void {
    for (;;) {
      const next = this.#timers.reduce<Timer | undefined>(
        (first, one) =>
          first && (first.at < one.at || (first.at === one.at && first.order < one.order)) ? first : one,
        undefined,
      );
      const at = Math.min(next?.at ?? Infinity, this.#server.dueAt());
      if (at > end) break;
      this.now = Math.max(this.now, at);
      this.#server.onTime();
      if (next && next.at <= this.now) {
        this.#timers = this.#timers.filter((one) => one !== next);
        next.run();
      }
    }
    this.now = end;
  }

  /** Work begins only with an event, so that two that work at once are seen at one. */
  #look(): void {
    const working = this.#gateways.filter((gateway) => this.#works(gateway));
    if (working.length > 1) {
      const who = working.map(({ index }) => index).join(' and ');
      this.collision ??= `${who} work at ${this.now}; ${this.#history.join(', ')}`;
    }
  }

  #works(gateway: Gateway): boolean {
    if (gateway.sleeps !== 'no') return false;
    const now = this.#clockOf(gateway);
    return (
      isLeaseValid(gateway.state, now, this.timing) || (gateway.state.phase === 'lost' && now < gateway.state.endBy)
    );
  }
}
