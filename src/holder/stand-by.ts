import { setTimeout as delay } from 'node:timers/promises';

import type { Endpoint } from '../listener/endpoint.js';
import { isHeldByAnother, lacksAddress, type GatewayLockError } from '../listener/gateway-lock.error.js';
import { waitForAddress } from '../listener/has-address.js';
import type { Holder, Verdict } from '../listener/holder.js';
import { isRefused } from '../listener/is-refused.js';
import { addressOfUrl } from '../listener/listen-address.js';
import type { AcquireSettings } from '../options/holder.options.js';
import { HEARTBEAT_MS, watchHolder } from './watch-holder.js';

/** How often a standby looks again at a holder that cannot be watched. */
const POLL_MS = 500;
/**
 * How often a standby tries again on a holder that is dying, whose descriptors do not close together. Each pause is twice
 * as long as the one before: most standbys of a crowd have lost to one of them, which needs the processor now.
 */
const RETRIES = { count: 5, pauseMs: 2 };

/** The verdicts with which a holder may be a gateway, and so may agree to be watched. */
const WATCHED: ReadonlySet<Verdict> = new Set<Verdict>(['ready', 'standby', 'starting', 'draining', 'stalled']);

/** One attempt, which takes all locks or none. */
export type Claim<Locks> = () => Promise<Locks>;

/** Finds out who holds a port, or the local socket of a profile. Never rejects. */
export type Ask = (endpoint: Endpoint) => Promise<Holder>;

/**
 * Waits for the holder to go without polling: it watches a connection, which the kernel closes when the holder ends.
 * Meanwhile it holds nothing: two standbys may wait for each other's port, or for one profile, and must not block each
 * other.
 */
export async function standBy<Locks>(
  claim: Claim<Locks>,
  signal: AbortSignal,
  { onWait, onWaitForAddress }: AcquireSettings,
  ask: Ask,
): Promise<Locks> {
  const see = reportChanges(onWait);
  let retriesLeft = 0;
  for (;;) {
    try {
      return await claim();
    } catch (error) {
      if (lacksAddress(error)) {
        onWaitForAddress?.(error.url);
        await waitForAddress(error.address.host, signal);
        continue;
      }
      if (!isHeldByAnother(error)) throw error;
      if (retriesLeft > 0) {
        await delay(RETRIES.pauseMs * 2 ** (RETRIES.count - retriesLeft), undefined, { signal });
        retriesLeft--;
      } else {
        // Only a holder that was watched until its end is met while it dies.
        retriesLeft = (await waitForHolder(error, ask, see, signal)) ? RETRIES.count : 0;
      }
    }
  }
}

/** Calls back each time that the holder, or what is known of it, is another. */
function reportChanges(onWait: AcquireSettings['onWait']): (holder: Holder) => void {
  let lastSeen: string | undefined;
  return (holder) => {
    const seen = [holder.verdict, holder.card?.instanceId, holder.owner?.pid].join(' ');
    if (seen !== lastSeen) onWait?.(holder);
    lastSeen = seen;
  };
}

/**
 * Waits until the lock is worth another attempt.
 *
 * @returns whether the holder was watched until its end
 */
async function waitForHolder(
  refusal: GatewayLockError,
  ask: Ask,
  see: (holder: Holder) => void,
  signal: AbortSignal,
): Promise<boolean> {
  do {
    if (refusal.holder) see(refusal.holder);
    else if (await watchToTheEnd(refusal.endpoint, ask, see, signal)) return true;
    await delay(POLL_MS, undefined, { signal });
  } while (await isStillHeld(refusal));
  return false;
}

/** @returns whether the holder agreed to be watched, and then was until its end */
async function watchToTheEnd(
  endpoint: Endpoint,
  ask: Ask,
  see: (holder: Holder) => void,
  signal: AbortSignal,
): Promise<boolean> {
  let holder = await ask(endpoint);
  signal.throwIfAborted();
  see(holder);
  if (!WATCHED.has(holder.verdict)) return false;
  let isOver = false;
  let isLooking = false;
  let lookedAt = -Infinity;
  const lookAgain = async (): Promise<void> => {
    // Each look reads /proc: a hostile holder could have any number of them under way at once.
    if (isLooking) return;
    isLooking = true;
    lookedAt = performance.now();
    holder = await ask(endpoint);
    isLooking = false;
    // One that comes late tells of the next holder, which may be this process.
    if (!isOver && !signal.aborted) see(holder);
  };
  // The address where it was found: the one that was refused may be a wildcard.
  const found = 'socketPath' in endpoint ? endpoint : addressOfUrl(holder.url);
  const agreed = await watchHolder(found, {
    signal,
    // Where a crowd asks a new holder all at once, it may not answer the first look in time.
    onAgreed: () => void lookAgain(),
    onSilence: () => void lookAgain(),
    // What was said of it while it could not answer is not to stand for ever. A hostile holder sends as often as it likes.
    onHeartbeat: () => {
      if (!holder.card && performance.now() - lookedAt > HEARTBEAT_MS / 2) void lookAgain();
    },
  });
  isOver = true;
  signal.throwIfAborted();
  return agreed;
}

/**
 * Whether an attempt would fail again. The port is not asked, since an attempt begins with it. A profile or a derived
 * port is asked first: an attempt would take the port before it, and keep others from the port in vain.
 */
async function isStillHeld({ endpoint, code, basePort }: GatewayLockError): Promise<boolean> {
  const isPort = code === 'GATEWAY_ALREADY_LISTENING' && basePort === undefined;
  return !isPort && !(await isRefused(endpoint, POLL_MS));
}
