import { chooseSettings } from '../config/choose-settings.js';
import { ExitCode } from '../process/exit-code.js';
import { printResult } from '../process/print.js';
import { findManagedService, isUnderManager, stopService } from '../service/managed-service.js';
import { DEFAULT_TIMEOUT_MS } from './flags.js';
import { timeoutOf } from './flags-of.js';
import type { Invocation } from './command.js';
import { whileWaiting } from './progress.js';
import { describeStop, stopExitCode, stopGateway } from './stop-gateway.js';
import { isPortGiven, whereItRuns } from './where-it-runs.js';

/** Asks the gateway that holds the port to stop, and waits for the port. */
export async function stop({ flags, profile, program }: Invocation): Promise<number> {
  const timeoutMs = timeoutOf(flags, DEFAULT_TIMEOUT_MS.stop);
  const chosen = await chooseSettings(profile, flags);
  const service = await findManagedService(
    { program: program.name, profile: profile.name },
    isPortGiven(chosen) ? chosen.port : undefined,
  );
  if (service && isUnderManager(service)) {
    // A signal would leave the manager to start it again, and a look at the port would start it on its socket.
    await stopService(service);
    const report = { ok: true, kind: 'stopped', unit: service.unit, exitCode: ExitCode.OK };
    printResult(flags.json, report, [`stopped: ${service.unit}`]);
    return ExitCode.OK;
  }
  const settings = await whereItRuns(chosen);
  const stopping = stopGateway(settings, { timeoutMs, kill: false, program });
  const outcome = await whileWaiting(`waiting for port ${settings.port}`, stopping, flags);
  const exitCode = stopExitCode(outcome);
  const report = { ok: exitCode === ExitCode.OK, ...outcome, exitCode };
  printResult(flags.json, report, [describeStop(outcome, settings)]);
  return exitCode;
}
