import { whoHolds, type WhoHoldsOptions } from '../holder/who-holds.js';
import { addressOfUrl } from '../listener/listen-address.js';
import type { GatewayCard, Holder } from '../listener/holder.js';
import { profileSocketPath } from './profile-lock.js';
import { identityOf } from './state-folder.js';

/** Who has the lock of a state folder and has shown a card; the url is the one on it. */
export type ProfileHolder = Holder & { readonly card: GatewayCard };

/**
 * The gateway of this user that holds a state folder, on whatever port it listens; `undefined` where there is none, or
 * none that shows a card. Makes nothing, and never rejects.
 */
export async function whoHoldsProfile(
  stateFolder: string,
  options: WhoHoldsOptions = {},
): Promise<ProfileHolder | undefined> {
  const identity = await identityOf(stateFolder).catch(() => undefined);
  if (!identity) return undefined;
  const holder = await whoHolds({ socketPath: profileSocketPath(stateFolder, identity) }, options);
  return hasCard(holder) && !isOfAnother(holder) ? holder : undefined;
}

/** The port on a card. */
export function portOfCard({ url }: GatewayCard): number {
  return addressOfUrl(url).port;
}

function hasCard(holder: Holder): holder is ProfileHolder {
  return holder.card !== undefined;
}

/** On Linux anybody can take the lock of a folder, and would be believed. Where /proc is hidden, nobody can tell. */
function isOfAnother({ owner }: Holder): boolean {
  return owner?.uid !== undefined && owner.uid !== process.getuid?.();
}
