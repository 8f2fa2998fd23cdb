import { isOnInterface } from '../holder/serving-address.js';
import { isOwn, whoHolds, type WhoHoldsOptions } from '../holder/who-holds.js';
import type { Endpoint } from '../listener/endpoint.js';
import { UNKNOWN_ADDRESS } from '../listener/gateway-lock.error.js';
import type { GatewayCard, Holder, Verdict } from '../listener/holder.js';
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
  const holder = await whoHoldsFolder(stateFolder, options);
  if (holder === undefined) return undefined;
  if (hasCard(holder)) return holder;
  // A busy or frozen gateway is still there: to take it for none would be to look for it elsewhere.
  return holder.verdict === 'stalled' || holder.verdict === 'unknown' ? 'unknown' : undefined;
}

/**
 * Whatever holds the lock of a state folder. Creates no files. Never rejects.
 *
 * @returns `undefined` where there is no such folder
 */
export async function whoHoldsFolder(stateFolder: string, options: WhoHoldsOptions = {}): Promise<Holder | undefined> {
  const identity = await identityOf(stateFolder).catch(() => undefined);
  return identity && whoHoldsLock({ socketPath: profileSocketPath(stateFolder, identity) }, stateFolder, options);
}

/**
 * Whatever holds the lock of a state folder, as {@link whoHolds} says it. Every user can bind a local socket, and show any
 * card. If the card is not certain to be that of a gateway of this user, the holder is `foreign`, and its card and address
 * are left out. Never rejects.
 *
 * @param endpoint the local socket of the folder
 */
export async function whoHoldsLock(
  endpoint: Endpoint,
  stateFolder: string,
  options: WhoHoldsOptions = {},
): Promise<Holder> {
  const secret = readProofSecret(stateFolder);
  const holder = await whoHolds(endpoint, { ...options, secret });
  if (!hasCard(holder) || holder.ownership === 'proven') return holder;
  // A gateway makes the secret before it answers: this may be the first of its folder.
  if (readProofSecret(stateFolder) !== secret) return whoHoldsLock(endpoint, stateFolder, options);
  return (secret === undefined ? await confirmedByPort(holder, options) : undefined) ?? disbelieved(holder, 'foreign');
}

/**
 * An older gateway leaves a folder without a secret. There a holder is believed if the port on its card is held by a
 * process of this user that shows the same card. Every user can bind a local socket, and show any card: the card that the
 * port shows is the one that counts.
 */
async function confirmedByPort(holder: ProfileHolder, options: WhoHoldsOptions): Promise<Holder | undefined> {
  const address = addressOfUrl(holder.card.url);
  const { host } = address;
  if (!isLoopbackHost(host) && !isWildcard(host) && !isOnInterface(host)) return undefined;
  const onPort = await whoHolds(address, options);
  if (onPort.verdict === 'stalled' || onPort.verdict === 'unknown') return disbelieved(holder, 'stalled');
  if (!hasCard(onPort) || !isOwn(onPort)) return undefined;
  const isSame = onPort.card.instanceId === holder.card.instanceId && onPort.card.profile === holder.card.profile;
  return isSame ? { ...onPort, url: onPort.card.url } : undefined;
}

function disbelieved({ owner, ownership }: Holder, verdict: Verdict): Holder {
  return { verdict, url: UNKNOWN_ADDRESS, ownership, ...(owner && { owner }) };
}

/** The port on a card. */
export function portOfCard({ url }: GatewayCard): number {
  return addressOfUrl(url).port;
}

function hasCard(holder: Holder): holder is ProfileHolder {
  return holder.card !== undefined;
}
