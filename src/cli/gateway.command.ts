import { InputError } from '../common/input.error.js';
import { complain } from '../process/print.js';
import { chooseSettingsToStart } from '../config/choose-settings.js';
import { describeError } from '../process/exit-code.js';
import { Heir } from '../service/heir.js';
import { ServiceManager } from '../service/service-manager.js';
import type { Flags } from './flags.js';
import type { Invocation } from './command.js';
import { claimThenRun } from './claim-then-run.js';

/** Runs a gateway in the foreground. */
export async function gateway({ flags, profile, program }: Invocation): Promise<number> {
  // Before anything else: what is for this process alone must not be there when another one is started.
  const manager = new ServiceManager(process.env, complain);
  const heir = Heir.take(process.env);
  try {
    checkForce(flags);
    refuseContradictions(flags);
    const settings = await chooseSettingsToStart(profile, flags);
    return await claimThenRun(settings, flags, program, { manager, heir });
  } catch (error) {
    heir?.failed(describeError(error));
    throw error;
  }
}

function checkForce({ force = true }: Flags): void {
  if (force === true || force === 'kill') return;
  throw new InputError(
    `--force: ${JSON.stringify(force)} is not a way to stop a gateway; give --force or --force=kill`,
  );
}

function refuseContradictions(flags: Flags): void {
  const given = (['ensure', 'force', 'standby'] as const).filter((flag) => flag in flags);
  if (given.length > 1) {
    throw new InputError(`${given.map((flag) => `--${flag}`).join(' and ')} contradict each other: give one of them`);
  }
}
