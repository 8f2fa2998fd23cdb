import { setTimeout as delay } from 'node:timers/promises';

import type { AcquireOptions } from '../lock/gateway-lock.options.js';
import { claimListener, type ClaimOptions } from '../lock/listener/claim-listener.js';
import type { ClaimedListener } from '../lock/listener/claimed-listener.js';
import { GatewayLockError } from '../lock/listener/gateway-lock.error.js';
import type { Holder } from '../lock/listener/holder.js';
import { addressOfUrl } from '../lock/listener/listen-address.js';
import { watchHolder } from './watch.js';
import { whoHolds } from './who-holds.js';

/** How often a standby looks again when the holder cannot be watched. Milliseconds. */
const POLL_MS = 500;
/** What a standby still meets of a holder that is dying, whose descriptors do not close together. */
const TAKEOVER = { attempts: 25, pauseMs: 2 };

/**
 * Takes the lock as the options say: at once or with a refusal that names the holder, or in its turn.
 *
 * @param signal ends a standby's wait, which then rejects
 * @throws {GatewayLockError} the port is held and `wait` is not `standby`, or it cannot be bound
 */
export async function acquireListener(
  options: ClaimOptions,
  { wait = 'fail', identify = true, onWait }: AcquireOptions,
  signal: AbortSignal,
): Promise<ClaimedListener> {
  if (wait === 'standby') return standBy(options, signal, onWait);
  try {
    return await claimListener(options);
  } catch (error) {
    throw identify && isHeld(error) ? error.heldBy(await whoHolds(error.address)) : error;
  }
}

/** Waits for the holder to go without polling: it watches a connection, which the kernel closes with its other end. */
async function standBy(
  options: ClaimOptions,
  signal: AbortSignal,
  onWait: AcquireOptions['onWait'],
): Promise<ClaimedListener> {
  let lastSeen: string | undefined;
  const see = (holder: Holder): void => {
    const seen = [holder.verdict, holder.card?.instanceId, holder.owner?.pid].join(' ');
    if (seen !== lastSeen) onWait?.(holder);
    lastSeen = seen;
  };
  let watched: boolean | undefined;
  for (;;) {
    // Only a holder that was watched is met while it dies.
    const refusal = await claimWithin(watched ? TAKEOVER.attempts : 1, options, signal);
    if (!(refusal instanceof GatewayLockError)) return refusal;
    if (watched === false) await delay(POLL_MS, undefined, { signal });

    const { address } = refusal;
    const holder = await whoHolds(address);
    signal.throwIfAborted();
    see(holder);
    // A crowd that asks a new holder all at once may get no answer in time; by then it has calmed down.
    const lookAgain = (): void => void whoHolds(address).then(see);
    const watch = { signal, onAgreed: lookAgain, onSilence: lookAgain };
    // Where it was found: the address that was refused may be a wildcard.
    const { host, port } = addressOfUrl(holder.url);
    const isGateway = holder.verdict !== 'foreign' && holder.verdict !== 'blocked';
    watched = isGateway && (await watchHolder(host, port, watch));
    signal.throwIfAborted();
  }
}

/** Tries for a moment, and returns the last refusal. */
async function claimWithin(
  attempts: number,
  options: ClaimOptions,
  signal: AbortSignal,
): Promise<ClaimedListener | GatewayLockError> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await claimListener(options);
    } catch (error) {
      if (!isHeld(error)) throw error;
      if (attempt >= attempts) return error;
      await delay(TAKEOVER.pauseMs, undefined, { signal });
    }
  }
}

function isHeld(error: unknown): error is GatewayLockError {
  return error instanceof GatewayLockError && error.code === 'GATEWAY_ALREADY_LISTENING';
}
