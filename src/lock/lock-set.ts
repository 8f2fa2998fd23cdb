import type { Socket } from 'node:net';

import { claimDerived, inOrder } from './claim-derived.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import { claimListener } from '../listener/claim-listener.js';
import type { ClaimedListener, ListenerLoss } from '../listener/claimed-listener.js';
import { GatewayLockError } from '../listener/gateway-lock.error.js';

/** What another layer holds together with the port, or not at all. */
export interface FurtherLock {
  /** Resolves when it is lost; never rejects. */
  readonly lost: Promise<ListenerLoss>;
  /** Called when all is held, with what answers who connects to it. */
  serve(answer: (socket: Socket) => void): void;
  /** Gives it back, at once. */
  close(): void;
}

/** Takes a further lock, for the gateway that holds this port. */
export type TakeFurtherLock = (port: ClaimedListener) => Promise<FurtherLock>;

/** Beside a port that the OS chose, a derived one may be taken or not exist. */
const ANY_PORT_ATTEMPTS = 16;

/** All that a gateway holds, in the order in which it was taken: its port, further locks, derived ports. */
export class LockSet {
  constructor(
    readonly listener: ClaimedListener,
    readonly further: readonly FurtherLock[],
    readonly derived: ReadonlyMap<string, ClaimedListener>,
  ) {}

  /** Gives everything back, last taken first, at once and without waiting for connections. */
  close(): void {
    for (const lock of [this.listener, ...this.further, ...this.derived.values()].reverse()) lock.close();
  }
}

/**
 * Takes everything, or nothing; a listener that was handed in stays with whoever did.
 *
 * @throws {GatewayLockError} one of them is held, or cannot be bound
 * @throws {RangeError} a derived port would be beyond 65535
 */
export async function claimLockSet(
  settings: GatewayLockSettings,
  takeFurther: readonly TakeFurtherLock[],
  attempt = 1,
): Promise<LockSet> {
  const listener = settings.listener ?? (await claimListener(settings));
  try {
    return await claimBeside(listener, settings, takeFurther);
  } catch (error) {
    if (settings.listener) throw error;
    listener.close();
    const unlucky = error instanceof GatewayLockError ? error.derived !== undefined : error instanceof RangeError;
    if (settings.port !== 0 || !unlucky || attempt === ANY_PORT_ATTEMPTS) throw error;
  }
  return claimLockSet(settings, takeFurther, attempt + 1);
}

async function claimBeside(
  listener: ClaimedListener,
  settings: GatewayLockSettings,
  takeFurther: readonly TakeFurtherLock[],
): Promise<LockSet> {
  const further: FurtherLock[] = [];
  const derived = new Map<string, ClaimedListener>();
  try {
    for (const take of takeFurther) further.push(await take(listener));
    for (const [name, offset] of inOrder(settings.derived)) {
      derived.set(name, await claimDerived(settings, listener, name, offset));
    }
    return new LockSet(listener, further, derived);
  } catch (error) {
    for (const lock of [...further, ...derived.values()].reverse()) lock.close();
    throw error;
  }
}
