import { GatewayCallError } from '../control/client/gateway-call.error.js';
import { whoHolds } from '../holder/who-holds.js';
import type { Settings } from '../config/choose-settings.js';
import type { Profile } from '../config/profile.js';
import { portOfCard, whoHoldsProfile } from '../state-folder/who-holds-profile.js';

/** How long a gateway may take to say where it is: a busy machine is no reason not to find it. Where none is, none is waited for. */
export const LOCATE_TIMEOUT_MS = 2_000;

/** The settings of a gateway that is there now, as far as it could be found by its profile. */
export interface LocatedSettings extends Settings {
  /** Of the gateway that holds the profile; none where the port was given, or the profile is not held. */
  readonly instanceId?: string;
}

/** Whether a flag or a variable says which port this call is about. */
export function isPortGiven({ portOrigin }: Settings): boolean {
  return portOrigin === 'flag' || portOrigin === 'variable';
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
    if (await isHeld(settings)) return settings;
    throw new GatewayCallError('unknown', unlocated(settings.profile));
  }
  if (running?.card.profile !== name) return settings;
  const { instanceId } = running.card;
  return { ...settings, port: portOfCard(running.card), portOrigin: 'running', instanceId };
}

/** Whether anything listens on the port. */
export async function isHeld({ host, port }: Settings): Promise<boolean> {
  return (await whoHolds({ host, port })).verdict !== 'blocked';
}

/** Says that a gateway may be there, on a port that is not known. */
export function unlocated({ name, stateFolder }: Profile): string {
  return `the gateway of profile ${name} could not be found: a process holds ${stateFolder}, and does not say on which port it listens; try again, or give --port`;
}
