/** How long things take in a fleet, in milliseconds. */
export interface LeaseTiming {
  /** The time between two heartbeats of the holder. */
  readonly heartbeatMs: number;
  /** How long the holder works after it *sent* the last heartbeat that was answered (L). */
  readonly leaseMs: number;
  /** How long the server keeps the lock after the last heartbeat that it *received* (K). */
  readonly sessionMs: number;
  /** How long one wait in the server's queue takes, at most. */
  readonly sliceMs: number;
  /** How long an answer that should come at once may take. */
  readonly answerMs: number;
}

/** What the database says of the holder before, when the next one writes its name down. */
export interface PredecessorFacts {
  /** Whether there was one. */
  readonly isKnown: boolean;
  /** It has said itself that all its work is over. */
  readonly isReleased: boolean;
  /** No other server has been promoted since it wrote its name: what it wrote last is not lost. */
  readonly isSameTimeline: boolean;
  /** The server has neither been started again nor crashed since it became active. */
  readonly isSameRun: boolean;
  /** No server of this database has ever been promoted. */
  readonly isFirstTimeline: boolean;
}

/**
 * Whether the holder before has certainly ended its work.
 *
 * Within one run of the server, a session ends with the process of its holder, or because the server has heard nothing of
 * it for `sessionMs`: such a holder has stopped by itself. A run of the server that ends takes the session with it. The
 * holder may then work on until its lease is over.
 *
 * @param isStrict whether a third party, too, may have ended the session, as `pg_terminate_backend` or a proxy does
 */
export function isPredecessorGone(facts: PredecessorFacts, isStrict: boolean): boolean {
  if (!facts.isKnown) return facts.isFirstTimeline;
  return facts.isSameTimeline && (facts.isReleased || (!isStrict && facts.isSameRun));
}

/**
 * - `connecting`: has no session, and is about to get one
 * - `waiting`: asks the server for the lock
 * - `claiming`: has the lock, and writes its name down
 * - `quarantined`: the holder before may still work
 * - `confirming`: writes down that it is active from here on
 * - `active`: the only one that works
 * - `lost`: must not work, and never tries again: a successor may be at work
 * - `left`: has stopped by itself
 */
export type LeasePhase =
  'connecting' | 'waiting' | 'claiming' | 'quarantined' | 'confirming' | 'active' | 'lost' | 'left';

/** What one gateway knows of its lease. Times are on the monotonic clock of its process, in milliseconds. */
export interface LeaseState {
  readonly phase: LeasePhase;
  /** Counts the sessions: what an earlier one says is not heard. */
  readonly session: number;
  /** When the request that is under way was sent; undefined while there is none. */
  readonly sentAt: number | undefined;
  /** When the last request that was answered had been sent. From then on counts the lease. */
  readonly provenAt: number;
  /** When the holder before has stopped in any case. */
  readonly clearAt: number;
  /** The token of this holder, greater than that of each one before; 0 where it has never had the lock. */
  readonly token: bigint;
  /** Time has passed that the monotonic clock has not counted: not to be trusted until the next answer. */
  readonly isUnsure: boolean;
  /** The request that is under way was sent before that, so that its answer proves nothing. */
  readonly isStale: boolean;
  /** How often it has failed to get a session in a row. */
  readonly failures: number;
  /** Why it has no session, or no lease any longer. */
  readonly reason: string | undefined;
  /** Once lost: when all work must be over. */
  readonly endBy: number;
}

/** What happens to a lease. What a session says bears its number. */
export type LeaseEvent =
  | { readonly type: 'connected' | 'not granted' | 'granted' | 'confirmed' | 'answered'; readonly session: number }
  | { readonly type: 'claimed'; readonly session: number; readonly token: bigint; readonly isClear: boolean }
  | { readonly type: 'failed'; readonly session: number; readonly reason: string }
  /** Time has passed. */
  | { readonly type: 'time' }
  /** The clocks of this process show that it was suspended, or that one of them was set. */
  | { readonly type: 'gap' }
  /** All work is over. */
  | { readonly type: 'stop' };

/** What is to be done about it, in this order. */
export type LeaseCommand =
  | { readonly do: 'connect'; readonly session: number; readonly afterMs: number }
  | { readonly do: 'wait' | 'claim' | 'confirm' | 'heartbeat' | 'release' | 'drop' };

/** A state, and what led to it has to do. */
export interface LeaseStep {
  readonly state: LeaseState;
  readonly commands: readonly LeaseCommand[];
}

/**
 * The last part of a session's time, in which no holder works, not even to stop: as much as its clock can be behind
 * without being noticed, and half a second for clocks that do not run equally fast.
 */
const MARGIN_MS = 1_500;
const RETRY = { leastMs: 100, mostMs: 5_000 };
const SUSPENDED = 'the clocks show that this process was suspended';

/** The first step: gets a session. */
export function beginLease(now: number): LeaseStep {
  const state: LeaseState = {
    phase: 'connecting',
    session: 1,
    sentAt: now,
    provenAt: -Infinity,
    clearAt: -Infinity,
    token: 0n,
    isUnsure: false,
    isStale: false,
    failures: 0,
    reason: undefined,
    endBy: -Infinity,
  };
  return { state, commands: [{ do: 'connect', session: 1, afterMs: 0 }] };
}

/** Whether this gateway may work at this moment. */
export function isLeaseValid(state: LeaseState, now: number, { leaseMs }: LeaseTiming): boolean {
  return state.phase === 'active' && !state.isUnsure && now < state.provenAt + leaseMs;
}

/**
 * The rules of the lease, without a clock, a timer or a connection of their own.
 *
 * @param now on the monotonic clock, in milliseconds
 */
export function nextLease(state: LeaseState, event: LeaseEvent, now: number, timing: LeaseTiming): LeaseStep {
  if (state.phase === 'left') return stay(state);
  if ('session' in event && event.session !== state.session) return stay(state);
  if (state.phase === 'lost') return afterLoss(state, event);
  // Before the event is heard: an answer that comes too late is none.
  const overdue = whatIsOverdue(state, now, timing);
  if (overdue !== undefined) return fail(state, overdue, now, true, timing);
  switch (event.type) {
    case 'connected':
      return send({ ...state, phase: 'waiting' }, 'wait', now);
    case 'not granted':
      return send({ ...state, failures: 0 }, 'wait', now);
    case 'granted':
      return send({ ...state, phase: 'claiming', failures: 0, clearAt: now + timing.sessionMs }, 'claim', now);
    case 'claimed': {
      const { token, isClear } = event;
      const claimed: LeaseState = { ...answered(state), phase: 'quarantined', token };
      return onTime(isClear ? { ...claimed, clearAt: -Infinity } : claimed, now, timing);
    }
    case 'confirmed':
      return stay({ ...answered(state), phase: 'active' });
    case 'answered':
      return onTime(state.isStale ? { ...state, sentAt: undefined, isStale: false } : answered(state), now, timing);
    case 'failed':
      // The server may have given the lock to another one before this was heard.
      return fail(state, event.reason, now, false, timing);
    case 'time':
      return onTime(state, now, timing);
    case 'gap':
      if (state.phase !== 'active') return fail(state, SUSPENDED, now, false, timing);
      return onTime({ ...state, isUnsure: true, isStale: state.sentAt !== undefined }, now, timing);
    case 'stop':
      if (state.phase !== 'active') return { state: { ...state, phase: 'left' }, commands: [{ do: 'drop' }] };
      return { state: { ...state, phase: 'left' }, commands: [{ do: 'release' }] };
  }
}

function afterLoss(state: LeaseState, event: LeaseEvent): LeaseStep {
  if (event.type === 'stop') return { state: { ...state, phase: 'left' }, commands: [{ do: 'drop' }] };
  // The server no longer keeps the lock for it, or not for as long as its clock says.
  return stay(event.type === 'failed' || event.type === 'gap' ? { ...state, endBy: -Infinity } : state);
}

/** When something is due without an event, at the latest. */
export function leaseDueAt(state: LeaseState, timing: LeaseTiming): number {
  const { phase, sentAt, provenAt, clearAt } = state;
  const deadline = deadlineOf(state, timing);
  const holds = phase === 'quarantined' || phase === 'active';
  if (sentAt !== undefined || !holds) return deadline;
  const heartbeatAt = provenAt + timing.heartbeatMs;
  return Math.min(deadline, heartbeatAt, phase === 'quarantined' ? clearAt : Infinity);
}

function deadlineOf({ phase, sentAt, provenAt }: LeaseState, timing: LeaseTiming): number {
  switch (phase) {
    case 'connecting':
    case 'claiming':
      return (sentAt ?? provenAt) + timing.answerMs;
    case 'waiting':
      return (sentAt ?? provenAt) + timing.sliceMs + timing.answerMs;
    case 'quarantined':
    case 'confirming':
    case 'active':
      return provenAt + timing.leaseMs;
    case 'lost':
    case 'left':
      return Infinity;
  }
}

function whatIsOverdue(state: LeaseState, now: number, timing: LeaseTiming): string | undefined {
  if (now < deadlineOf(state, timing)) return undefined;
  const seconds = (state.phase === 'active' ? timing.leaseMs : timing.answerMs) / 1_000;
  return `the database has not answered for ${seconds} s`;
}

function onTime(state: LeaseState, now: number, { heartbeatMs }: LeaseTiming): LeaseStep {
  const { phase, sentAt, provenAt, clearAt, isUnsure } = state;
  if (sentAt !== undefined) return stay(state);
  if (phase === 'quarantined' && now >= clearAt) return send({ ...state, phase: 'confirming' }, 'confirm', now);
  const holds = phase === 'quarantined' || phase === 'active';
  if (holds && (isUnsure || now >= provenAt + heartbeatMs)) return send(state, 'heartbeat', now);
  return stay(state);
}

function answered(state: LeaseState): LeaseState {
  const { sentAt, provenAt } = state;
  return { ...state, provenAt: sentAt ?? provenAt, sentAt: undefined, isUnsure: false };
}

function send(state: LeaseState, request: 'wait' | 'claim' | 'confirm' | 'heartbeat', now: number): LeaseStep {
  return { state: { ...state, sentAt: now }, commands: [{ do: request }] };
}

function stay(state: LeaseState): LeaseStep {
  return { state, commands: [] };
}

/** @param isHeld whether the server still holds the lock for it, until the time of the session is over */
function fail(state: LeaseState, reason: string, now: number, isHeld: boolean, timing: LeaseTiming): LeaseStep {
  if (state.phase === 'active') {
    const endBy = isHeld && !state.isUnsure ? state.provenAt + timing.sessionMs - MARGIN_MS : -Infinity;
    // The server would give the lock to the next one at once, while this one still ends its work.
    return { state: { ...state, phase: 'lost', reason, endBy }, commands: isHeld ? [] : [{ do: 'drop' }] };
  }
  const session = state.session + 1;
  const afterMs = Math.min(RETRY.leastMs * 2 ** state.failures, RETRY.mostMs);
  return {
    state: {
      ...state,
      phase: 'connecting',
      session,
      sentAt: now + afterMs,
      isStale: false,
      failures: state.failures + 1,
      reason,
    },
    commands: [{ do: 'drop' }, { do: 'connect', session, afterMs }],
  };
}
