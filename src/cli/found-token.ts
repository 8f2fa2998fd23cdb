import type { Holder } from '../listener/holder.js';
import { TOKEN_VARIABLE, type SettingFlags } from '../config/settings.js';

/** Whether a token was given for this call; any other was found, and is meant for a gateway of this user alone. */
export function isTokenGiven({ token }: SettingFlags): boolean {
  return token !== undefined || process.env[TOKEN_VARIABLE] !== undefined;
}

/** Whether somebody sits on the port who is not to learn a token that was found for it. */
export function isForeignOrOtherUser({ verdict, owner }: Holder): boolean {
  if (verdict === 'blocked') return false;
  // Where the operating system does not tell of users, the card is all there is.
  return verdict === 'foreign' || (process.platform === 'linux' && owner?.uid !== process.getuid?.());
}
