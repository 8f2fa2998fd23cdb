import { setTimeout as delay } from 'node:timers/promises';

import type { HostPort } from '../listener/endpoint.js';
import type { GatewayCard, Holder, PortOwner } from '../listener/holder.js';
import { watchHolder } from './watch-holder.js';
import { UNHURRIED_MS, whoHolds } from './who-holds.js';

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
   * The secret of the state folder of this user, for {@link whoHolds}.
   * @default none
   */
  readonly secret?: string | undefined;
  /**
   * Only the gateway with this instance ID is stopped: another one may have taken the port since it was looked up.
   * @default any gateway of this user
   */
  readonly instanceId?: string | undefined;
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
  { timeoutMs, kill, secret, instanceId, ask = () => Promise.resolve(false), report }: StopOptions,
): Promise<StopOutcome> {
  const holder = await whoHolds(address, { secret, timeoutMs: UNHURRIED_MS });
  if (holder.verdict === 'blocked') return { kind: 'nothing' };
  const reason = whyNot(holder, instanceId, address.port);
  if (reason !== undefined) return { kind: 'refused', holder, reason };
  const { pid } = holder.owner ?? {};
  const deadline = performance.now() + timeoutMs;

  if (holder.verdict === 'draining') {
    // A second signal would end it at once, with what it still has to write.
    report(`the gateway with pid ${pid} is already stopping`);
  } else {
    const agreed = await ask(holder);
    if (!agreed) {
      const refused = await signal(address, holder, 'SIGTERM', secret);
      if (refused !== undefined) return { kind: 'refused', holder, reason: refused };
    }
    report(`asked the gateway with pid ${pid} to stop`);
  }
  const outcome = await gone(address, holder, deadline);
  if (outcome || !kill) return outcome ?? { kind: 'late', holder };

  report(`it did not stop within ${timeoutMs} ms; killing pid ${pid}`);
  await signal(address, holder, 'SIGKILL', secret);
  return (await gone(address, holder, performance.now() + KILLED_MS)) ?? { kind: 'late', holder };
}

/** Whether a gateway is the one that is meant, where one is. */
export function isMeant(card: GatewayCard, instanceId: string | undefined): boolean {
  return instanceId === undefined || card.instanceId === instanceId;
}

/** Why nothing is done to a gateway that is not the one that is meant, and what to do. */
export function notOfProfile(port: number): string {
  return `it is not known to be the gateway of this profile; --port ${port} means whichever has the port`;
}

function whyNot(holder: Holder, instanceId: string | undefined, port: number): string | undefined {
  const { verdict, card, owner, ownership, user } = holder;
  if (verdict === 'waiting') return 'a service manager holds the port: systemctl --user stop stops its units';
  if (verdict === 'unknown') return 'it is not known who holds the port';
  if (holder.isOpenClaw) return 'it is OpenClaw, which only its own command stops: openclaw gateway stop';
  if (!card) return 'it is not a gateway that answers';
  if (ownership === 'other user') return `it belongs to another user${user === undefined ? '' : `: ask user ${user}`}`;
  if (ownership === 'unknown') return 'it cannot be told whose it is';
  if (!isMeant(card, instanceId)) return notOfProfile(port);
  if (!owner) return 'the operating system does not say which process it is';
  if (!owner.isGateway && ownership !== 'proven') return `pid ${owner.pid} does not call itself a gateway`;
  return undefined;
}

/**
 * Sends a signal to the holder after another look, since another process may have its process ID by now. Between that
 * look and the signal there are microseconds, which Node gives no means to close (pidfd_send_signal(2)).
 *
 * @returns why it may not be sent; undefined where it was sent, or where the holder has gone or begun to stop meanwhile
 */
async function signal(
  address: HostPort,
  holder: Holder,
  name: NodeJS.Signals,
  secret: string | undefined,
): Promise<string | undefined> {
  const now = await whoHolds(address, { secret, timeoutMs: UNHURRIED_MS });
  if (now.verdict === 'blocked') return undefined;
  // A gateway that hangs may not show its card any more.
  const isAnother = now.card !== undefined && now.card.instanceId !== holder.card?.instanceId;
  const { pid } = holder.owner ?? {};
  if (pid === undefined || isAnother || now.owner?.pid !== pid) return 'another process is there now';
  if (!isSameProcess(now.owner, holder.owner)) return `it cannot be told whether pid ${pid} is still the same process`;
  // It was asked, and began to stop before it answered: a signal would cut off what it still has to write.
  if (name === 'SIGTERM' && now.verdict === 'draining') return undefined;
  try {
    process.kill(pid, name);
    return undefined;
  } catch (error) {
    return `pid ${pid} cannot be signalled (${String((error as NodeJS.ErrnoException).code)})`;
  }
}

/** A process whose start is not known may be another one with the same process ID. */
function isSameProcess(one: PortOwner | undefined, other: PortOwner | undefined): boolean {
  if (one?.startedAt === undefined || other?.startedAt === undefined) return false;
  return one.pid === other.pid && Math.abs(one.startedAt - other.startedAt) <= SAME_START_MS;
}

/** Waits for this instance to release the port; undefined when the deadline passes first. */
async function gone(address: HostPort, { card, owner }: Holder, deadline: number): Promise<StopOutcome | undefined> {
  for (;;) {
    const remainingMs = deadline - performance.now();
    if (remainingMs <= 0) return undefined;
    const signal = AbortSignal.timeout(Math.ceil(remainingMs));
    const watched = await watchHolder(address, { signal });
    const now = await whoHolds(address, { asksAccepter: false });
    if (now.verdict === 'blocked') return { kind: 'stopped' };
    // One that hangs up is taken for a stranger where its process could not be found in time.
    const isStranger = now.ownership === 'other user' || (now.owner !== undefined && now.owner.pid !== owner?.pid);
    const isAnother = now.card ? now.card.instanceId !== card?.instanceId : now.verdict === 'foreign' && isStranger;
    if (isAnother) return { kind: 'stopped', successor: now };
    if (!watched) await delay(LOOK_AGAIN_MS);
  }
}
