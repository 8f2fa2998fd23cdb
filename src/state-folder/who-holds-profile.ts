import { whoHolds, type WhoHoldsOptions } from '../holder/who-holds.js';
import type { GatewayCard, Holder } from '../listener/holder.js';
import { addressOfUrl } from '../listener/listen-address.js';
import { profileSocketPath } from './profile-lock.js';
import { identityOf } from './state-folder.js';

/** A gateway that holds a state folder and has shown its card, whose address is its url. */
export type ProfileHolder = Holder & { readonly card: GatewayCard };

/**
 * The gateway of this user that holds a state folder, on whatever port it listens. Creates no files. Never rejects.
 *
 * @returns `undefined` where there is none, or none that shows a card
 */
export async function whoHoldsProfile(
  stateFolder: string,
  options: WhoHoldsOptions = {},
): Promise<ProfileHolder | undefined> {
  const identity = await identityOf(stateFolder).catch(() => undefined);
  if (!identity) return undefined;
  const holder = await whoHolds({ socketPath: profileSocketPath(stateFolder, identity) }, options);
  return hasCard(holder) && !isOfOtherUser(holder) ? holder : undefined;
}

/** The port on a card. */
export function portOfCard({ url }: GatewayCard): number {
  return addressOfUrl(url).port;
}

function hasCard(holder: Holder): holder is ProfileHolder {
  return holder.card !== undefined;
}

/**
 * On Linux every user can bind the abstract socket of a folder, and show a card. Where /proc is hidden, the owner is not
 * known.
 */
function isOfOtherUser({ owner }: Holder): boolean {
  return owner?.uid !== undefined && owner.uid !== process.getuid?.();
}
