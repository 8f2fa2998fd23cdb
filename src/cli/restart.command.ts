import { SubCommand } from 'nest-commander';

import { tokenFinder } from '../choose-auth.js';
import { ExitCode } from '../exit-code.js';
import { stopHolder } from '../holder/stop-holder.js';
import { complain } from '../report.js';
import { AddressCommand } from './address-command.js';
import { askToStop, describeStop, DEFAULT_STOP_TIMEOUT_MS, stopExitCode } from './stop.command.js';

@SubCommand({ name: 'restart', description: 'stop the gateway, and say how to start it where it ran' })
export class RestartCommand extends AddressCommand {
  async run(): Promise<void> {
    const flags = this.addressFlags();
    const address = this.address(flags);
    const token = tokenFinder({ flag: flags.token }, this.profile());
    const outcome = await stopHolder(address, {
      timeoutMs: DEFAULT_STOP_TIMEOUT_MS,
      kill: false,
      ask: askToStop(token),
      report: complain,
    });
    const exitCode = stopExitCode(outcome);
    // A gateway belongs into the foreground that it was started in; one that we forked would belong to nobody.
    const next = exitCode === ExitCode.OK ? startCommand(address) : undefined;
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ ok: exitCode === ExitCode.OK, ...outcome, next, exitCode })}\n`
        : [describeStop(outcome, address), ...(next ? [`start it again where it ran: ${next}`] : []), ''].join('\n'),
    );
    process.exit(exitCode);
  }
}

function startCommand({ host, port }: { host: string; port: number }): string {
  return `openclaw gateway --port ${port}${host === 'localhost' ? '' : ` --host ${host}`}`;
}
