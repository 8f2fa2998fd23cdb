import { setTimeout as delay } from 'node:timers/promises';

import type { HostPort } from '../listener/endpoint.js';
import type { Holder, PortOwner } from '../listener/holder.js';
import { watchHolder } from './watch-holder.js';
import { whoHolds } from './who-holds.js';

/** How long a process that was killed may take to release its port. */
const KILLED_MS = 2_000;
/** The pause between two looks at a port that cannot be watched. */
const LOOK_AGAIN_MS = 20;
/** How much two readings of one start may differ: the kernel gives the time of the boot in whole seconds. */
const SAME_START_MS = 2_000;

export interface StopOptions {
  /** How long the holder may take to stop, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether a holder that has not stopped by then is killed. */
  readonly kill: boolean;
  /**
   * Asks the gateway to stop, and tells whether it agreed. If it did not, its process gets SIGTERM.
   * @default SIGTERM is sent at once
   */
  readonly ask?: (holder: Holder) => Promise<boolean>;
  /** Called with one line for each step. */
  readonly report: (line: string) => void;
}

/**
 * - `nothing`: nothing held the port
 * - `stopped`: the holder has released the port; `successor` is the process that has taken it since, if one has
 * - `refused`: the holder may not be stopped: it is not a gateway of this user, or that is not certain
 * - `late`: the holder was asked to stop, and still holds the port
 */
export type StopOutcome =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'stopped'; readonly successor?: Holder }
  | { readonly kind: 'refused'; readonly holder: Holder; readonly reason: string }
  | { readonly kind: 'late'; readonly holder: Holder };

/**
 * Asks the gateway that holds a port to stop, and waits until it has released the port. Only a gateway of the same user is
 * asked, and only where its card and the operating system agree on it.
 */
export async function stopHolder(
  address: HostPort,
  { timeoutMs, kill, ask = () => Promise.resolve(false), report }: StopOptions,
): Promise<StopOutcome> {
  const holder = await whoHolds(address);
  if (holder.verdict === 'blocked') return { kind: 'nothing' };
  const reason = whyNot(holder);
  if (reason !== undefined) return { kind: 'refused', holder, reason };
  const { pid } = holder.owner ?? {};
  const deadline = performance.now() + timeoutMs;

  if (holder.verdict === 'draining') {
    // A second signal would end it at once, with what it still has to write.
    report(`the gateway with pid ${pid} is already stopping`);
  } else {
    const agreed = await ask(holder);
    if (!agreed && !send(pid, 'SIGTERM')) return { kind: 'refused', holder, reason: `pid ${pid} cannot be signalled` };
    report(`asked the gateway with pid ${pid} to stop`);
  }
  const outcome = await gone(address, holder, deadline);
  if (outcome || !kill) return outcome ?? { kind: 'late', holder };

  report(`it did not stop within ${timeoutMs} ms; killing pid ${pid}`);
  // Looked at again, since another process may have the process ID by now. One that hangs may not show its card any more.
  const now = await whoHolds(address);
  const isAnother = now.card && now.card.instanceId !== holder.card?.instanceId;
  if (isSameProcess(now.owner, holder.owner) && !isAnother) send(pid, 'SIGKILL');
  return (await gone(address, holder, performance.now() + KILLED_MS)) ?? { kind: 'late', holder };
}

function whyNot({ card, owner }: Holder): string | undefined {
  if (!card) return 'it is not a gateway that answers';
  if (!owner) return 'the operating system does not say which process it is';
  if (owner.uid !== process.getuid?.()) return `it belongs to another user${owner.user ? `, ${owner.user}` : ''}`;
  return undefined;
}

function isSameProcess(one: PortOwner | undefined, other: PortOwner | undefined): boolean {
  if (one?.pid !== other?.pid) return false;
  if (one?.startedAt === undefined || other?.startedAt === undefined) return true;
  return Math.abs(one.startedAt - other.startedAt) <= SAME_START_MS;
}

function send(pid: number | undefined, signal: NodeJS.Signals): boolean {
  try {
    return pid !== undefined && process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Waits for this instance to release the port; undefined when the deadline passes first. */
async function gone(address: HostPort, { card }: Holder, deadline: number): Promise<StopOutcome | undefined> {
  for (;;) {
    const remainingMs = deadline - performance.now();
    if (remainingMs <= 0) return undefined;
    const signal = AbortSignal.timeout(Math.ceil(remainingMs));
    const watched = await watchHolder(address, { signal });
    const now = await whoHolds(address);
    if (now.verdict === 'blocked') return { kind: 'stopped' };
    const isAnother = now.card ? now.card.instanceId !== card?.instanceId : now.verdict === 'foreign';
    if (isAnother) return { kind: 'stopped', successor: now };
    if (!watched) await delay(LOOK_AGAIN_MS);
  }
}
