import { networkInterfaces } from 'node:os';

import { canonicalAddress } from '../holder/serving-address.js';
import { isOwn, whoHolds, type WhoHoldsOptions } from '../holder/who-holds.js';
import type { GatewayCard, Holder } from '../listener/holder.js';
import { addressOfUrl, isLoopbackHost, isWildcard } from '../listener/listen-address.js';
import { profileSocketPath } from './profile-lock.js';
import { readProofSecret } from './proof-secret.js';
import { identityOf } from './state-folder.js';

/** A gateway that holds a state folder and has shown its card, whose address is its url. */
export type ProfileHolder = Holder & { readonly card: GatewayCard };

/**
 * The gateway of this user that holds a state folder, on whatever port it listens. Creates no files. Never rejects.
 *
 * @returns `undefined` where there is none, or a process that is no gateway of this user; `unknown` where a process
 * holds it, or may hold it, that could not be asked or did not answer in time
 */
export async function whoHoldsProfile(
  stateFolder: string,
  options: WhoHoldsOptions = {},
): Promise<ProfileHolder | 'unknown' | undefined> {
  const identity = await identityOf(stateFolder).catch(() => undefined);
  if (!identity) return undefined;
  const secret = readProofSecret(stateFolder);
  const holder = await whoHolds({ socketPath: profileSocketPath(stateFolder, identity) }, { ...options, secret });
  if (!hasCard(holder)) return unlessNobody(holder);
  if (holder.ownership === 'proven') return holder;
  return secret === undefined ? confirmedByPort(holder, options) : undefined;
}

/**
 * In a folder without a secret, which an older gateway leaves, a holder is believed where the port on its card
 * is held by a process of this user that shows the same card: every user can bind a local socket, and show any card. So
 * what counts is the card that the port shows.
 */
async function confirmedByPort(
  holder: ProfileHolder,
  options: WhoHoldsOptions,
): Promise<ProfileHolder | 'unknown' | undefined> {
  const address = addressOfUrl(holder.card.url);
  if (!isOfThisMachine(address.host)) return undefined;
  const onPort = await whoHolds(address, options);
  if (!hasCard(onPort)) return unlessNobody(onPort);
  if (!isOwn(onPort)) return undefined;
  const isSame = onPort.card.instanceId === holder.card.instanceId && onPort.card.profile === holder.card.profile;
  return isSame ? { ...onPort, url: onPort.card.url } : undefined;
}

/** A busy or frozen gateway is still there: to take it for none would be to look for it elsewhere. */
function unlessNobody({ verdict }: Holder): 'unknown' | undefined {
  return verdict === 'stalled' || verdict === 'unknown' ? 'unknown' : undefined;
}

function isOfThisMachine(host: string): boolean {
  if (isLoopbackHost(host) || isWildcard(host)) return true;
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return own.some(({ address }) => canonicalAddress(address) === canonicalAddress(host));
}

/** The port on a card. */
export function portOfCard({ url }: GatewayCard): number {
  return addressOfUrl(url).port;
}

function hasCard(holder: Holder): holder is ProfileHolder {
  return holder.card !== undefined;
}
