import type { Holder, PortOwner } from '../listener/holder.js';
import { addressOfUrl } from '../listener/listen-address.js';
import { DEFAULT_PROFILE } from '../options/holder.options.js';

/** Describes a holder in half a sentence. */
export function describeHolder(holder: Holder, now = Date.now()): string {
  const { verdict, card, owner, ownership, user } = holder;
  switch (verdict) {
    case 'ready':
    case 'standby':
    case 'starting':
    case 'draining':
      if (!card) return `a gateway that is ${verdict}`;
      return [
        `${card.name ?? 'gateway'} ${card.version}`,
        `profile ${card.profile}`,
        pidOf(holder, card.pid),
        ...(ownership === 'other user' && user !== undefined ? [`user ${user}`] : []),
        verdict,
        `up ${uptime(now - card.startedAt)}`,
        ...(owner || ownership === 'proven' ? [] : ['by its own account']),
      ].join(', ');
    case 'stalled':
      return `accepts connections but does not answer: ${owner ? `a gateway, ${processOf(owner)}` : `the operating system does not say who${ofUser(user)}`}`;
    case 'foreign':
      if (isOwnInspector(holder)) return OWN_INSPECTOR;
      if (holder.isOpenClaw && owner) return `OpenClaw, ${processOf(owner)}`;
      if (owner) return `not a gateway: ${owner.command ?? 'unknown command'}, ${processOf(owner)}${passing(holder)}`;
      return `not a gateway; the operating system does not say what${ofUser(user)}${passing(holder)}`;
    case 'blocked':
      return 'bound, but nothing listens';
    case 'waiting':
      if (holder.heldFor !== undefined) return holder.heldFor;
      return `a service manager, ${owner ? processOf(owner) : 'unknown'}, which holds it for a gateway that it starts again, or on the first connection`;
    case 'unknown':
      return describeUnknown(holder);
  }
}

/** Says that something which is no gateway of ours uses what a gateway needs, such as `port 18789`. */
export function describeUse(holder: Holder, what: string): string {
  const { owner, isOpenClaw, user } = holder;
  if (isOwnInspector(holder)) return `${OWN_INSPECTOR} holds ${what}`;
  if (!owner) {
    return `${what} is in use by another program; the operating system does not say which${ofUser(user)}${passing(holder)}`;
  }
  if (isSsh(owner.command)) {
    return `an SSH tunnel (ssh -L …) already uses ${what} (${processOf(owner)}): close it, or use another local port`;
  }
  const name = isOpenClaw ? 'OpenClaw' : `another program: ${owner.command ?? 'unknown command'}`;
  return `${what} is in use by ${name} (${processOf(owner)})${passing(holder)}`;
}

/** Why a holder could not be asked. */
export function describeUnknown({ errno = 'no reason was given' }: { readonly errno?: string | undefined }): string {
  const meaning = MEANINGS[errno];
  return `could not ask: ${errno}${meaning === undefined ? '' : `, ${meaning}`}`;
}

const MEANINGS: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'this machine has no local port left to ask from',
  EAGAIN: 'this machine has no local port left to ask from',
  EMFILE: 'this process has no file descriptor left',
  ENFILE: 'this machine has no file descriptor left',
  ENOBUFS: 'this machine has no memory left for a connection',
  ENOMEM: 'this machine has no memory left for a connection',
  EACCES: 'this process may not connect, perhaps by a rule of a firewall',
  ETIMEDOUT: 'this machine was too busy to ask in time',
  EPERM: 'this process may not connect, perhaps by a rule of a firewall',
};

const OWN_INSPECTOR = "this process's own inspector (NODE_OPTIONS=--inspect…)";

/** Whether the process that asks holds the port itself, by the inspector that Node has opened before any of our code. */
export function isOwnInspector({ owner, url }: Holder): boolean {
  if (owner?.pid !== process.pid || !process.features.inspector) return false;
  // As in `ws://127.0.0.1:9229/` with a UUID. Loaded for this case alone.
  const inspected = process.getBuiltinModule('node:inspector').url();
  return inspected !== undefined && Number(new URL(inspected).port) === addressOfUrl(url).port;
}

/** The command of a process is its whole command line, with the program as it was called: `/usr/bin/ssh -N -L …`. */
function isSsh(command = ''): boolean {
  return /^(?:\S*\/)?ssh(?: |$)/.test(command);
}

/**
 * The number that this process knows the holder by: in a PID namespace of its own, a gateway sees another on itself.
 *
 * @returns undefined where that is not known
 */
export function pidHere({ owner, card, isPidForeign }: Holder): number | undefined {
  return owner?.pid ?? (isPidForeign ? undefined : card?.pid);
}

function pidOf({ owner, ownership, isPidForeign }: Holder, pidOnCard: number): string {
  // Without a proof, the number may be of no gateway here because the card is that of another gateway.
  const isOfAnotherNamespace = !owner && isPidForeign && ownership === 'proven';
  return isOfAnotherNamespace ? `pid ${pidOnCard} in its own namespace` : `pid ${owner?.pid ?? pidOnCard}`;
}

function processOf({ pid, user }: PortOwner): string {
  return user === undefined ? `pid ${pid}` : `pid ${pid}, user ${user}`;
}

function ofUser(user: string | undefined): string {
  return user === undefined ? '' : `, but that it is of user ${user}`;
}

function passing({ passesOn }: Holder): string {
  return passesOn ? ', which answers as a gateway elsewhere would, as a tunnel does' : '';
}

/**
 * The command line for a profile. People copy it, and a card may hold any text for its profile: what is not a name is
 * left out.
 */
export function commandFor(profile: string | undefined, program: string): string {
  const isNamed = profile !== undefined && profile !== DEFAULT_PROFILE && /^[a-z0-9][a-z0-9-]*$/.test(profile);
  return `${program} gateway${isNamed ? ` --profile ${profile}` : ''}`;
}

/** A time in its two largest units: `3 d 4 h`, `5 min 6 s`, `7 s`. */
export function uptime(ms: number): string {
  let rest = Math.max(Math.floor(ms / 1_000), 0);
  const parts: string[] = [];
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}
