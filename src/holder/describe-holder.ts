import type { Holder, PortOwner } from '../listener/holder.js';
import { DEFAULT_PROFILE } from '../options/holder.options.js';

/** What an operator can do about a holder, and the command that does it. */
export type Advice = readonly [purpose: string, command: string];

/** Describes a holder in half a sentence. */
export function describeHolder({ verdict, card, owner }: Holder, now = Date.now()): string {
  switch (verdict) {
    case 'ready':
    case 'starting':
    case 'draining':
      return card
        ? `gateway ${card.version}, profile ${card.profile}, pid ${card.pid}, ${verdict}, up ${uptime(now - card.startedAt)}`
        : `a gateway that is ${verdict}`;
    case 'stalled':
      return `accepts connections but does not answer: ${owner ? `a gateway, ${processOf(owner)}` : 'the operating system does not say who'}`;
    case 'foreign':
      return owner
        ? `not a gateway: ${owner.command ?? 'unknown command'}, ${processOf(owner)}`
        : 'not a gateway; the operating system does not say what';
    case 'blocked':
      return 'bound, but nothing listens';
  }
}

/** The lock that a holder keeps from a gateway that is to start. */
export interface Obstacle {
  readonly lock: 'port' | 'profile' | 'derived port';
  /** The port where the holder can be asked; missing where that is not known. */
  readonly holderPort?: number;
  /** The port where the gateway that is to start would listen. */
  readonly port: number;
  /** The profile of the gateway that is to start. */
  readonly profile?: string | undefined;
  /**
   * What an operator types for the program that has the commands.
   * @default 'openclaw'
   */
  readonly program?: string | undefined;
}

/** The two or three commands that help with a verdict. */
export function adviseOn(
  { verdict, card, owner }: Holder,
  { lock, holderPort, port, profile, program }: Obstacle,
): readonly Advice[] {
  const gateway = commandFor(profile, program);
  // Its own profile, since that is where its token is found.
  const its = commandFor(card?.profile, program);
  const at = (purpose: string, command: string, option = ''): readonly Advice[] =>
    holderPort === undefined ? [] : [[purpose, `${command} --port ${holderPort}${option}`]];
  const status = at('see it', `${its} status`);
  const standby: Advice = ['take over when it is gone', `${gateway} --port ${port} --standby`];
  const elsewhere: Advice =
    lock === 'profile'
      ? ['use another profile', `${commandFor(undefined, program)} --profile <name>`]
      : ['use another port', `${gateway} --port <port>`];
  switch (verdict) {
    case 'ready': {
      // `--force` on a derived port would start this gateway with that one as its port.
      const instead = lock === 'derived port' ? [elsewhere] : at('take over', gateway, ' --force');
      return [...status, ...at('stop it', `${its} stop`), ...instead];
    }
    case 'starting':
    case 'draining':
      return [...status, standby];
    case 'stalled':
      return [...at('look closer', `${its} status`, ' --deep'), ...end(owner), standby];
    case 'foreign':
      return [...(owner ? [['see it', `ps -fp ${owner.pid}`] as const] : []), elsewhere];
    case 'blocked':
      return [standby, elsewhere];
  }
}

/**
 * The command line for a profile. People copy it, and a card may hold any text for its profile: what is not a name is
 * left out.
 */
export function commandFor(profile = DEFAULT_PROFILE, program = 'openclaw'): string {
  const isNamed = profile !== DEFAULT_PROFILE && /^[a-z0-9][a-z0-9-]*$/.test(profile);
  return `${program} gateway${isNamed ? ` --profile ${profile}` : ''}`;
}

function end(owner: PortOwner | undefined): readonly Advice[] {
  return owner ? [['end it', `kill -9 ${owner.pid}`]] : [];
}

function processOf({ pid, user }: PortOwner): string {
  return user === undefined ? `pid ${pid}` : `pid ${pid}, user ${user}`;
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
