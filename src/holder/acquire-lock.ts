import { setTimeout as delay } from 'node:timers/promises';

import type { AcquireOptions } from '../options/gateway-lock.options.js';
import type { Endpoint } from '../listener/endpoint.js';
import { GatewayLockError } from '../listener/gateway-lock.error.js';
import type { Holder } from '../listener/holder.js';
import { isRefused } from '../listener/is-refused.js';
import { addressOfUrl } from '../listener/listen-address.js';
import { watchHolder } from './watch-holder.js';
import { whoHolds } from './who-holds.js';

/** How often a standby looks again when the holder cannot be watched. Milliseconds. */
const POLL_MS = 500;
/**
 * What a standby still meets of a holder that is dying, whose descriptors do not close together. Each pause is twice as
 * long as the one before: most of a crowd has lost to one of them, which needs the processor now.
 */
const TAKEOVER = { attempts: 6, pauseMs: 2 };

/** One attempt, which takes all of it or nothing. */
type Claim<Locks> = () => Promise<Locks>;

/**
 * Takes the lock as the options say: at once or with a refusal that names the holder, or in its turn.
 *
 * @param signal ends a standby's wait, which then rejects
 * @throws {GatewayLockError} it is held and `wait` is not `standby`, or it cannot be bound
 */
export async function acquireLock<Locks>(
  claim: Claim<Locks>,
  { wait = 'fail', identify = true, onWait }: AcquireOptions,
  signal: AbortSignal,
): Promise<Locks> {
  if (wait === 'standby') return standBy(claim, signal, onWait);
  for (let look = 1; ; look++) {
    const refusal = await claimWithin(1, claim, signal);
    if (!(refusal instanceof GatewayLockError)) return refusal;
    if (!identify) throw refusal;
    const holder = await whoHolds(refusal.endpoint);
    // A gateway listens on a local socket from the first: the one that was there has died since.
    const hasDied = holder.verdict === 'blocked' && 'socketPath' in refusal.endpoint;
    if (!hasDied || look > 1) throw refusal.heldBy(holder);
  }
}

/**
 * Waits for the holder to go without polling: it watches a connection, which the kernel closes with its other end.
 * Meanwhile it holds nothing, so that of two that wait for each other's port, or for one profile, neither is in the way.
 */
async function standBy<Locks>(
  claim: Claim<Locks>,
  signal: AbortSignal,
  onWait: AcquireOptions['onWait'],
): Promise<Locks> {
  let lastSeen: string | undefined;
  const see = (holder: Holder): void => {
    const seen = [holder.verdict, holder.card?.instanceId, holder.owner?.pid].join(' ');
    if (seen !== lastSeen) onWait?.(holder);
    lastSeen = seen;
  };
  let watched = false;
  for (;;) {
    // Only a holder that was watched is met while it dies.
    const refusal = await claimWithin(watched ? TAKEOVER.attempts : 1, claim, signal);
    if (!(refusal instanceof GatewayLockError)) return refusal;
    do {
      watched = await watch(refusal.endpoint, see, signal);
      if (!watched) await delay(POLL_MS, undefined, { signal });
    } while (!watched && (await isHeldStill(refusal)));
  }
}

/** @returns whether the holder had agreed to be watched, and then was until its end */
async function watch(endpoint: Endpoint, see: (holder: Holder) => void, signal: AbortSignal): Promise<boolean> {
  const holder = await whoHolds(endpoint);
  signal.throwIfAborted();
  see(holder);
  if (holder.verdict === 'foreign' || holder.verdict === 'blocked') return false;
  // A crowd that asks a new holder all at once may get no answer in time; by then it has calmed down.
  const lookAgain = (): void => void whoHolds(endpoint).then(see);
  // Where it was found: the address that was refused may be a wildcard.
  const found = 'socketPath' in endpoint ? endpoint : addressOfUrl(holder.url);
  const agreed = await watchHolder(found, { signal, onAgreed: lookAgain, onSilence: lookAgain });
  signal.throwIfAborted();
  return agreed;
}

/** What is held beside the port is asked for by itself, so that the port is left alone meanwhile. */
async function isHeldStill({ endpoint, basePort }: GatewayLockError): Promise<boolean> {
  const isPort = 'port' in endpoint && basePort === undefined;
  return !isPort && !(await isRefused(endpoint, POLL_MS));
}

/** Tries for a moment, and returns the last refusal. */
async function claimWithin<Locks>(
  attempts: number,
  claim: Claim<Locks>,
  signal: AbortSignal,
): Promise<Locks | GatewayLockError> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await claim();
    } catch (error) {
      if (!isHeld(error)) throw error;
      if (attempt >= attempts) return error;
      await delay(TAKEOVER.pauseMs * 2 ** (attempt - 1), undefined, { signal });
    }
  }
}

function isHeld(error: unknown): error is GatewayLockError {
  return error instanceof GatewayLockError && error.code !== 'GATEWAY_BIND_FAILED';
}
