import { chooseSettings, type Settings } from '../config/choose-settings.js';
import { DEFAULT_PROFILE } from '../options/holder.options.js';
import { ExitCode } from '../process/exit-code.js';
import { printResult } from '../process/print.js';
import { DEFAULT_TIMEOUT_MS } from './flags.js';
import type { Invocation } from './command.js';
import { describeStop, stopExitCode, stopGateway } from './stop-gateway.js';
import { whereItRuns } from './where-it-runs.js';

/** Stops the gateway that holds the port, and says how to start it again. */
export async function restart({ flags, profile, program }: Invocation): Promise<number> {
  const settings = await whereItRuns(await chooseSettings(profile, flags));
  const outcome = await stopGateway(settings, { timeoutMs: DEFAULT_TIMEOUT_MS.stop, kill: false, program });
  const exitCode = stopExitCode(outcome);
  const ok = exitCode === ExitCode.OK;
  // A gateway belongs into the foreground that it was started in; one that was forked here would belong to no terminal.
  const next = ok ? startCommand(settings, program.name) : undefined;
  printResult(flags.json, { ok, ...outcome, next, exitCode }, [
    describeStop(outcome, settings),
    ...(next === undefined ? [] : [`start it again where it ran: ${next}`]),
  ]);
  return exitCode;
}

function startCommand({ profile, host, port }: Settings, name: string): string {
  const flags = [
    ...(profile.name === DEFAULT_PROFILE ? [] : [`--profile ${profile.name}`]),
    `--port ${port}`,
    ...(host === 'localhost' ? [] : [`--host ${host}`]),
  ];
  return `${name} gateway ${flags.join(' ')}`;
}
