import { ExitCode } from '../process/exit-code.js';
import { printResult } from '../process/print.js';
import type { Invocation } from './command.js';
import { describeService } from './describe-service.js';
import { serviceManager } from './service-of-platform.js';

/** Stops the service of the gateway, and removes what install has written. */
export async function uninstall({ flags, profile, program }: Invocation): Promise<number> {
  const outcome = await serviceManager().uninstall({ program: program.name, profile: profile.name });
  const lines =
    outcome.changes.length > 0 ? describeService(outcome) : [`nothing to remove: there is no ${outcome.unit}`];
  printResult(flags.json, { ok: true, ...outcome, exitCode: ExitCode.OK }, lines);
  return ExitCode.OK;
}
