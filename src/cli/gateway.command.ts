import type { INestApplication } from '@nestjs/common';
import { Command, Option } from 'nest-commander';

import { createGatewayApp } from '../create-app.js';
import { describeHolder } from '../holder/describe-holder.js';
import { stopHolder } from '../holder/stop-holder.js';
import { LOG_VARIABLE } from '../launcher/log-variable.js';
import type { GatewayLockOptions } from '../lock/gateway-lock.options.js';
import type { Holder } from '../lock/listener/holder.js';
import { InputError } from '../lock/input.error.js';
import { complain } from '../report.js';
import { runGateway } from '../run-gateway.js';
import { findToken, type Settings } from '../settings.js';
import { CallCommand, HealthCommand } from './call.command.js';
import { LogsCommand } from './logs.command.js';
import { PortsCommand } from './ports.command.js';
import { RestartCommand } from './restart.command.js';
import { ServingCommand, type ServingFlags } from './serving-command.js';
import { StartCommand } from './start.command.js';
import { StatusCommand } from './status.command.js';
import { askToStop, DEFAULT_STOP_TIMEOUT_MS, describeStop, StopCommand } from './stop.command.js';

interface GatewayFlags extends ServingFlags {
  ensure?: boolean;
  /** `true` without a value. */
  force?: true | 'kill';
  standby?: boolean;
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
    const { ensure = false, force, standby = false, verbose = false, json = false } = flags;
    const chosen = Object.entries({ '--ensure': ensure, '--force': force, '--standby': standby }).filter(
      ([, on]) => on,
    );
    if (chosen.length > 1) {
      throw new InputError(`${chosen.map(([flag]) => flag).join(' and ')} contradict each other: give one of them`);
    }
    const settings = await this.settings(flags);
    const lock: GatewayLockOptions = {};
    if (standby) lock.acquire = { wait: 'standby', onWait: announceWait };
    const createApp = async (): Promise<INestApplication> => {
      if (force) await this.#makeRoom(settings, force === 'kill');
      return createGatewayApp(settings, { lock, verbose });
    };
    const log = process.env[LOG_VARIABLE];
    if (log !== undefined) (await import('../launcher/detached-gateway.js')).serveDetached(log);
    const isEnough = ({ verdict, card }: Holder): boolean =>
      ensure && verdict === 'ready' && card?.profile === settings.profile.name;
    const code = await runGateway(createApp, { json, isEnough });
    process.exit(code);
  }

  /** Whatever comes of it, the bind decides, and its refusal says who is there then. */
  async #makeRoom(settings: Settings, kill: boolean): Promise<void> {
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

  @Option({ flags: '--ensure', description: 'be content if a ready gateway of this profile is already there' })
  readEnsure(): boolean {
    return true;
  }

  @Option({
    flags: '--force [how]',
    description: 'ask the gateway that holds the port to stop, then start; with --force=kill, kill it if it does not',
  })
  readForce(how: string): 'kill' {
    if (how === 'kill') return 'kill';
    throw new InputError(
      `--force: ${JSON.stringify(how)} is not a way to stop a gateway; give --force or --force=kill`,
    );
  }

  @Option({ flags: '--standby', description: 'wait for the holder of the port to go, and take over at once' })
  readStandby(): boolean {
    return true;
  }
}

function announceWait(holder: Holder): void {
  complain(`standing by for ${holder.url}: ${describeHolder(holder)}`);
}
