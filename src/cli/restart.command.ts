import { SubCommand } from 'nest-commander';

import { ExitCode } from '../process/exit-code.js';
import { stopHolder } from '../holder/stop-holder.js';
import { DEFAULT_PROFILE } from '../options/gateway-lock.options.js';
import { complain } from '../process/report.js';
import { findToken, type Settings } from '../config/settings.js';
import { AddressCommand } from './address-command.js';
import { askToStop, describeStop, DEFAULT_STOP_TIMEOUT_MS, stopExitCode } from './stop.command.js';
import { whereItRuns } from './where-it-runs.js';

@SubCommand({ name: 'restart', description: 'stop the gateway, and say how to start it where it ran' })
export class RestartCommand extends AddressCommand {
  async run(): Promise<void> {
    const flags = this.addressFlags();
    const settings = await whereItRuns(await this.settings(flags));
    const { host, port } = settings;
    const address = { host, port };
    const outcome = await stopHolder(address, {
      timeoutMs: DEFAULT_STOP_TIMEOUT_MS,
      kill: false,
      ask: askToStop(() => findToken(settings)),
      report: complain,
    });
    const exitCode = stopExitCode(outcome);
    // A gateway belongs into the foreground that it was started in; one that we forked would belong to nobody.
    const next = exitCode === ExitCode.OK ? startCommand(settings) : undefined;
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ ok: exitCode === ExitCode.OK, ...outcome, next, exitCode })}\n`
        : [describeStop(outcome, address), ...(next ? [`start it again where it ran: ${next}`] : []), ''].join('\n'),
    );
    process.exit(exitCode);
  }
}

function startCommand({ profile: { name }, host, port }: Settings): string {
  const flags = [
    ...(name === DEFAULT_PROFILE ? [] : [`--profile ${name}`]),
    `--port ${port}`,
    ...(host === 'localhost' ? [] : [`--host ${host}`]),
  ];
  return `openclaw gateway ${flags.join(' ')}`;
}
