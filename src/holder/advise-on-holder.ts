import type { Holder, PortOwner } from '../listener/holder.js';
import { gatewayUrl } from '../listener/listen-address.js';
import { commandFor, isOwnInspector } from './describe-holder.js';
import { wayIn } from './read-refusal-header.js';

/** What an operator can do about a holder, and the command that does it. */
export type Advice = readonly [purpose: string, command: string];

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
   * @default none: what the operating system and the options of the lock offer is advised
   */
  readonly program?: string | undefined;
  /**
   * The command that the advice is part of, where no gateway is to start: it is not advised itself.
   * @default a start that was refused
   */
  readonly asked?: 'status' | 'status --deep' | undefined;
  /**
   * Whether a stop was tried in vain, and is not advised again.
   * @default false
   */
  readonly hasFailed?: boolean | undefined;
  /**
   * Whether a service manager runs the holder, which would start one that is killed again.
   * @default false
   */
  readonly isManaged?: boolean | undefined;
}

/** The two or three commands that help with a verdict: those that the operator may use, and that were not tried yet. */
export function adviseOn(holder: Holder, obstacle: Obstacle): readonly Advice[] {
  const { verdict, owner } = holder;
  const { asked, program } = obstacle;
  const { standby, elsewhere, look, stop } =
    program === undefined ? withoutCommands(holder, obstacle) : commandsOn(holder, { ...obstacle, program });
  switch (verdict) {
    case 'ready':
    case 'standby':
      return [...look, ...stop, ...(asked ? [] : instead(holder, obstacle, elsewhere))];
    case 'starting':
    case 'draining':
      return [...look, ...(asked ? [] : [standby])];
    case 'stalled':
      return [...look, ...stop, standby];
    case 'foreign':
      return [
        ...(owner && owner.pid !== process.pid ? [['see it', `ps -fp ${owner.pid}`] as const] : []),
        ...stop,
        elsewhere,
      ];
    case 'blocked':
      return [standby, elsewhere];
    case 'waiting':
      return [...(program === undefined ? [] : [seeUnits(program)]), ...stop];
    case 'unknown':
      // It may be a gateway that runs well: neither another port nor an end of it would be right.
      return asked ? [] : [standby];
  }
}

function seeUnits(program: string): Advice {
  return ['see it', `systemctl --user status '${program}-gateway*'`];
}

/** The option of the lock that makes a start wait. */
export const STAND_BY_OPTION = "give acquire: { wait: 'standby' } to GatewayLockModule.forRoot()";

interface Commands {
  readonly standby: Advice;
  readonly elsewhere: Advice;
  readonly look: readonly Advice[];
  readonly stop: readonly Advice[];
}

/** The obstacle of a program that has commands. */
type ObstacleOfProgram = Obstacle & { readonly program: string };

function commandsOn(holder: Holder, obstacle: ObstacleOfProgram): Commands {
  const { lock, port, profile, program, asked } = obstacle;
  const gateway = commandFor(profile, program);
  // Its own profile, since that is where its token is found.
  const its = commandFor(holder.card?.profile, program);
  const isStalled = holder.verdict === 'stalled';
  const isLooked = asked === 'status --deep' || (asked === 'status' && !isStalled);
  const look = isStalled
    ? at(obstacle, 'look closer', `${its} status`, ' --deep')
    : at(obstacle, 'see it', `${its} status`);
  return {
    standby: ['take over when it is gone', `${gateway} --port ${port} --standby`],
    elsewhere:
      lock === 'profile'
        ? ['use another profile', `${commandFor(undefined, program)} --profile <name>`]
        : ['use another port', `${gateway} --port <port>`],
    look: isLooked ? [] : look,
    stop: waysToStop(holder, obstacle, at(obstacle, 'stop it', `${its} stop`)),
  };
}

/** For an app without commands of ours. Its operator may have no `openclaw`, and would not stop this gateway with it. */
function withoutCommands(holder: Holder, obstacle: Obstacle): Commands {
  const { owner } = holder;
  const [what, option] = obstacle.lock === 'profile' ? ['state folder', 'stateFolder'] : ['port', 'port'];
  return {
    standby: ['take over when it is gone', STAND_BY_OPTION],
    elsewhere: [`use another ${what}`, `give another ${option} to GatewayLockModule.forRoot()`],
    look: owner ? [['see it', `ps -fp ${owner.pid}`]] : [],
    stop: waysToStop(holder, obstacle, isOfThisUser(owner) ? [['stop it', `kill ${owner.pid}`]] : []),
  };
}

function isOfThisUser(owner: PortOwner | undefined): owner is PortOwner {
  return owner !== undefined && (owner.uid === undefined || owner.uid === process.geteuid?.());
}

/** A gateway of another user is not stopped by any command of ours, and is not this user's to kill. */
function waysToStop(holder: Holder, obstacle: Obstacle, order: readonly Advice[]): readonly Advice[] {
  const { verdict, owner, ownership, user } = holder;
  const { asked, hasFailed, isManaged, port } = obstacle;
  if (verdict === 'foreign') {
    if (isOwnInspector(holder)) return [['free it', 'unset NODE_OPTIONS, or give --inspect another port']];
    if (holder.refusal !== undefined) {
      return [['reach the gateway behind it', wayIn(holder.refusal, gatewayUrl('127.0.0.1', port))]];
    }
    if (!holder.isOpenClaw) return [];
  }
  if (ownership === 'other user') return user === undefined ? [] : [['stop it', `ask user ${user}`]];
  if (holder.isOpenClaw) return [['stop it', "openclaw gateway stop, with OpenClaw's own command"]];
  if (verdict === 'stalled' && !isManaged) {
    return isOfThisUser(owner) ? [['end it', `kill -9 ${owner.pid}`]] : [];
  }
  // `status` has asked for a proof, as `stop` does; a refused start has not.
  if (asked !== undefined && ownership === 'unknown') return [];
  return hasFailed ? [] : order;
}

/** How a gateway starts in spite of one that is ready. */
function instead(holder: Holder, obstacle: Obstacle, elsewhere: Advice): readonly Advice[] {
  const { lock, hasFailed, profile, program } = obstacle;
  if (program === undefined) return [elsewhere];
  // `--force` on a derived port would start this gateway with that one as its port.
  const canTakeOver = lock !== 'derived port' && holder.ownership !== 'other user' && !hasFailed;
  return canTakeOver ? at(obstacle, 'take over', commandFor(profile, program), ' --force') : [elsewhere];
}

function at({ holderPort }: Obstacle, purpose: string, command: string, option = ''): readonly Advice[] {
  return holderPort === undefined ? [] : [[purpose, `${command} --port ${holderPort}${option}`]];
}
