import type { Profile } from '../config/profile.js';
import { describeHolder } from '../holder/describe-holder.js';
import { UNHURRIED_MS, whoHolds } from '../holder/who-holds.js';
import type { GatewayCard, Holder } from '../listener/holder.js';
import { whoHoldsProfile } from '../state-folder/who-holds-profile.js';
import type { LaunchOptions } from './launch-options.js';

/** The pause between two looks for a gateway that is on its way. */
export const LOOK_AGAIN_MS = 100;

/** What a launcher sees of the gateway that it wants. */
export interface GatewayView {
  /** The holder of the profile, or else of the port. */
  readonly holder: Holder;
  /** The card of the gateway of the profile, once it is ready, or stands by for its fleet. */
  readonly ready: GatewayCard | undefined;
}

/**
 * Looks at the port and at the profile. The lock of the profile tells its gateway from one on the port that has the same
 * name and another state folder.
 *
 * @throws the reason of the signal
 */
export async function lookForGateway({ address, profile, signal }: LaunchOptions): Promise<GatewayView> {
  signal.throwIfAborted();
  const [ofPort, ofProfile] = await Promise.all([
    whoHolds(address, { timeoutMs: UNHURRIED_MS, asksAccepter: false }),
    whoHoldsProfile(profile.stateFolder, { timeoutMs: UNHURRIED_MS }),
  ]);
  signal.throwIfAborted();
  // One that is not known is for the gateway that is started to find, by its bind.
  const own = ofProfile !== 'unknown' && ofProfile?.card.profile === profile.name ? ofProfile : undefined;
  return {
    holder: own ?? ofPort,
    ready: own?.verdict === 'ready' || own?.verdict === 'standby' ? own.card : undefined,
  };
}

/**
 * Whether waiting may help: the holder may become the ready gateway of the profile, or soon release the port. Every other
 * holder is for the gateway itself to refuse, in its own words; so is that of another user, which can show any card for
 * any time.
 */
export function mayBecomeReady({ verdict, card, ownership }: Holder, { name }: Profile): boolean {
  if (ownership === 'other user') return false;
  if (verdict === 'draining' || verdict === 'stalled') return true;
  return verdict === 'starting' && card?.profile === name;
}

/** Describes a holder for an error; for a free port there is none to describe. */
export function describeView(holder: Holder): string {
  return holder.verdict === 'blocked' ? 'no process listens' : `${holder.verdict}, ${describeHolder(holder)}`;
}
