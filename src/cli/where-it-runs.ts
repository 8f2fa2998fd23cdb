import { portOfCard, whoHoldsProfile } from '../state-folder/who-holds-profile.js';
import type { Settings } from '../config/settings.js';

/** Whether a flag or a variable says which port this call is about. */
export function isPortGiven({ portOrigin }: Settings): boolean {
  return portOrigin === 'flag' || portOrigin === 'variable';
}

/** The same settings, with the port that the gateway of the profile is on now, unless this call was given one. */
export async function whereItRuns(settings: Settings): Promise<Settings> {
  if (isPortGiven(settings)) return settings;
  const { name, stateFolder } = settings.profile;
  const running = await whoHoldsProfile(stateFolder);
  if (running?.card.profile !== name) return settings;
  return { ...settings, port: portOfCard(running.card), portOrigin: 'running' };
}
