import type { Endpoint } from '../listener/endpoint.js';
import { isHeldByAnother } from '../listener/gateway-lock.error.js';
import type { Holder } from '../listener/holder.js';
import type { AcquireSettings } from '../options/holder.options.js';
import { standBy, type Ask, type Claim } from './stand-by.js';
import { whoHolds } from './who-holds.js';

/**
 * Takes the lock as the options say: at once or with a refusal that names the holder, or as soon as the holder is gone.
 *
 * @param signal ends the wait of a standby, which then rejects
 * @param ask finds out who holds what could not be taken
 * @throws {GatewayLockError} it is held and `wait` is not `standby`, or it cannot be bound
 */
export async function acquireLock<Locks>(
  claim: Claim<Locks>,
  settings: AcquireSettings,
  signal: AbortSignal,
  ask: Ask = whoIsThere,
): Promise<Locks> {
  if (settings.wait === 'standby') return standBy(claim, signal, settings, ask);
  return settings.identify ? claimOrNameHolder(claim, ask) : claim();
}

/** For a start, which shows the holder nothing. */
export function whoIsThere(endpoint: Endpoint): Promise<Holder> {
  return whoHolds(endpoint, { asksAccepter: false });
}

/** @param isLast whether a holder that has died since is named too, and not tried again */
async function claimOrNameHolder<Locks>(claim: Claim<Locks>, ask: Ask, isLast = false): Promise<Locks> {
  try {
    return await claim();
  } catch (error) {
    if (!isHeldByAnother(error) || error.holder) throw error;
    const holder = await ask(error.endpoint);
    // A gateway listens on its local socket from the first instant: one that refuses connections has died since.
    const hasDied = holder.verdict === 'blocked' && 'socketPath' in error.endpoint;
    if (!hasDied || isLast) throw error.heldBy(holder);
  }
  return claimOrNameHolder(claim, ask, true);
}
