import { refusePublicBindWithoutToken } from '../control/access/public-bind.js';
import { ExitCode } from '../process/exit-code.js';
import { initGatewayProcess } from '../process/gateway-process.js';
import { acquireLock } from '../holder/acquire-lock.js';
import { LOG_VARIABLE } from '../launcher/log-variable.js';
import { claimListener } from '../listener/claim-listener.js';
import type { ClaimedListener } from '../listener/claimed-listener.js';
import type { Holder } from '../listener/holder.js';
import type { Profile, ProfileFlags } from '../config/profile.js';
import { whoHoldsProfile } from '../state-folder/who-holds-profile.js';
import { reportFailure, type FailureOptions } from '../process/report.js';
import { chooseSettings, type SettingFlags, type Settings } from '../config/settings.js';
import { StopSignals } from '../process/stop-signals.js';

/** What `openclaw gateway` was told, as it was typed. */
export interface StartFlags extends SettingFlags, ProfileFlags {
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly ensure?: boolean;
}

/**
 * Runs a gateway until it stops, and leaves one that is there alone. What runs it is loaded by whoever has the port: one
 * that is refused is gone before another could have loaded it.
 *
 * @returns the exit code
 * @throws {InputError} a flag, a variable or a value in a file is wrong
 */
export async function serve(
  profile: Profile,
  { ensure = false, json = false, verbose = false, ...flags }: StartFlags,
): Promise<number> {
  const settings = await chooseSettings(profile, flags);
  const log = process.env[LOG_VARIABLE];
  if (log !== undefined) (await import('../launcher/detached-gateway.js')).serveDetached(log);
  const isEnough = (holder: Holder): Promise<boolean> | boolean => ensure && isReady(holder, profile);
  const options: FailureOptions = { json, isEnough };

  initGatewayProcess();
  const signals = new StopSignals();
  let listener: ClaimedListener | undefined;
  try {
    const stopped = signals.first.then(() => undefined);
    listener = await Promise.race([claim(settings), stopped]);
  } catch (error) {
    return reportFailure(error, options, profile.name);
  }
  if (!listener) return ExitCode.OK;
  // Before anything with a decorator, in whatever order a bundler puts the rest.
  await import('reflect-metadata');
  const { runApp } = await import('./run-app.js');
  return runApp(settings, { ...options, signals, verbose, lock: { listener } });
}

async function claim(settings: Settings): Promise<ClaimedListener> {
  if (settings.token === undefined) refusePublicBindWithoutToken([settings.host]);
  return acquireLock(() => claimListener(settings), {}, new AbortController().signal);
}

/** Another state folder can have a gateway of the same name. */
async function isReady({ verdict, card }: Holder, { stateFolder }: Profile): Promise<boolean> {
  if (verdict !== 'ready') return false;
  return (await whoHoldsProfile(stateFolder))?.card.instanceId === card?.instanceId;
}
