import { Command, Option } from 'nest-commander';

import { describeHolder } from '../holder/describe-holder.js';
import { stopHolder } from '../holder/stop-holder.js';
import { InputError } from '../common/input.error.js';
import type { Holder } from '../listener/holder.js';
import { complain } from '../process/report.js';
import { findToken, type Settings } from '../config/settings.js';
import { CallCommand, HealthCommand } from './call.command.js';
import { CONTEST_FLAGS } from './gateway-flags.js';
import { LogsCommand } from './logs.command.js';
import { PortsCommand } from './ports.command.js';
import { RestartCommand } from './restart.command.js';
import { serve, type StartFlags } from './serve.js';
import { ServingCommand } from './serving-command.js';
import { StartCommand } from './start.command.js';
import { StatusCommand } from './status.command.js';
import { askToStop, DEFAULT_STOP_TIMEOUT_MS, describeStop, StopCommand } from './stop.command.js';

interface GatewayFlags extends StartFlags {
  /** `true` without a value. */
  readonly force?: true | 'kill';
  readonly standby?: boolean;
}

/** About a gateway that runs, or is to run in the background. */
export const SUB_COMMANDS = [
  StartCommand,
  StatusCommand,
  StopCommand,
  RestartCommand,
  LogsCommand,
  HealthCommand,
  CallCommand,
  PortsCommand,
] as const;

@Command({
  name: 'gateway',
  description: 'run the gateway in the foreground',
  subCommands: [...SUB_COMMANDS],
})
export class GatewayCommand extends ServingCommand {
  async run(_args: string[], flags: GatewayFlags): Promise<void> {
    const { ensure = false, force, standby = false } = flags;
    refuseContradictions({ '--ensure': ensure, '--force': force !== undefined, '--standby': standby });
    const contest = force !== undefined || standby;
    process.exit(await (contest ? this.#contest(flags) : serve(this.profile(), flags)));
  }

  /** Starts a gateway in place of the one that may be there, when that has gone. */
  async #contest({ force, json = false, verbose = false, ...flags }: GatewayFlags): Promise<number> {
    const settings = await this.settings(flags);
    const { runApp } = await import('./run-app.js');
    return runApp(settings, {
      json,
      verbose,
      ...(force === undefined
        ? { lock: { acquire: { wait: 'standby', onWait: announceWait } } }
        : { before: () => makeRoom(settings, force === 'kill') }),
    });
  }

  @Option(CONTEST_FLAGS.ensure)
  readEnsure(): boolean {
    return true;
  }

  @Option(CONTEST_FLAGS.force)
  readForce(how: string): 'kill' {
    if (how === 'kill') return 'kill';
    throw new InputError(
      `--force: ${JSON.stringify(how)} is not a way to stop a gateway; give --force or --force=kill`,
    );
  }

  @Option(CONTEST_FLAGS.standby)
  readStandby(): boolean {
    return true;
  }
}

function refuseContradictions(chosen: Readonly<Record<string, boolean>>): void {
  const flags = Object.keys(chosen).filter((flag) => chosen[flag]);
  if (flags.length > 1) throw new InputError(`${flags.join(' and ')} contradict each other: give one of them`);
}

/** Whatever comes of it, the bind decides, and its refusal says who is there then. */
async function makeRoom(settings: Settings, kill: boolean): Promise<void> {
  const { host, port } = settings;
  const address = { host, port };
  const outcome = await stopHolder(address, {
    timeoutMs: DEFAULT_STOP_TIMEOUT_MS,
    kill,
    ask: askToStop(() => findToken(settings)),
    report: complain,
  });
  const tookPlace = outcome.kind === 'stopped' && outcome.successor !== undefined;
  if (tookPlace || outcome.kind === 'refused' || outcome.kind === 'late') complain(describeStop(outcome, address));
}

function announceWait(holder: Holder): void {
  complain(`standing by for ${holder.url}: ${describeHolder(holder)}`);
}
