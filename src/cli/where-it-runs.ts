import { GatewayCallError } from '../control/client/gateway-call.error.js';
import { commandFor } from '../holder/describe-holder.js';
import type { Settings } from '../config/choose-settings.js';
import { DEFAULT_PROFILE } from '../options/holder.options.js';
import { isPortInUse, LOCATE_TIMEOUT_MS, unlocated } from '../config/plan-profiles.js';
import { portOfCard, whoHoldsProfile } from '../state-folder/who-holds-profile.js';

/** The settings of a gateway that is there now, as far as it could be found by its profile. */
export interface LocatedSettings extends Settings {
  /**
   * The one of the gateway that holds the profile; `none` where no gateway is known to hold it, so that the process on the
   * port is not taken for the gateway that this call is about. Missing where the port was given: the call is about its holder then.
   */
  readonly instanceId?: string;
}

/** As an instance ID, that of no gateway: a card has a UUID. */
const NONE = 'none';

/**
 * Whether a flag or a variable says which port this call is about. A variable may stand there for all commands of a shell:
 * where a profile is named, the call is about its gateway.
 */
export function isPortGiven({ portOrigin, profile }: Settings): boolean {
  return portOrigin === 'flag' || (portOrigin === 'variable' && profile.name === DEFAULT_PROFILE);
}

/** What starts a gateway in the background where one was looked for. */
export function commandToStart({ profile, port, portOrigin }: Settings, program: string): string {
  return `${commandFor(profile.name, program)} start${portOrigin === 'flag' ? ` --port ${port}` : ''}`;
}

/** Says with the error of a gateway that does not run what starts it; any other error stays as it is. */
export function withWayOut(error: unknown, settings: Settings, program: string): unknown {
  if (!(error instanceof GatewayCallError) || error.code !== 'unreachable') return error;
  return new GatewayCallError('unreachable', `${error.message}: start it with ${commandToStart(settings, program)}`);
}

/**
 * The same settings, with the port that the gateway of the profile is on now, unless this call was given one.
 *
 * @throws {GatewayCallError} `unknown`: a gateway may be there, and on a port that it could not be asked for
 */
export async function whereItRuns(settings: Settings): Promise<LocatedSettings> {
  if (isPortGiven(settings)) return settings;
  const { name, stateFolder } = settings.profile;
  const running = await whoHoldsProfile(stateFolder, { timeoutMs: LOCATE_TIMEOUT_MS });
  if (running === 'unknown') {
    // Where the port is held, its holder is what to speak about. Where it is free, nothing may be said to be free.
    if (await isPortInUse(settings)) return { ...settings, instanceId: NONE };
    throw new GatewayCallError('unknown', unlocated(settings.profile));
  }
  if (running?.card.profile !== name) return { ...settings, instanceId: NONE };
  const { instanceId } = running.card;
  return { ...settings, port: portOfCard(running.card), portOrigin: 'running', instanceId };
}
