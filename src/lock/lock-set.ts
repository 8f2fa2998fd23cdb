import type { Socket } from 'node:net';

import { InputError } from '../common/input.error.js';
import { claimDerived, inOrder } from './claim-derived.js';
import { hasRoomFor } from '../options/derived-ports.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import { claimListener } from '../listener/claim-listener.js';
import type { ClaimedListener, LateAddress, ListenerLoss } from '../listener/claimed-listener.js';
import { GatewayLockError } from '../listener/gateway-lock.error.js';
import type { GatewayHttpServer } from '../serving/gateway-http.server.js';

/** A lock of another room that is held together with the port, or not at all. */
export interface FurtherLock {
  /** Resolves when it is lost; never rejects. */
  readonly lost: Promise<ListenerLoss>;
  /** Called when everything is held; `answer` is to be given each connection to this lock. */
  serve(answer: (socket: Socket) => void): void;
  /** Releases the lock, at once. */
  close(): void;
}

/** Takes a further lock, for the gateway that holds this port. */
export type TakeFurtherLock = (port: ClaimedListener) => Promise<FurtherLock>;

/** The OS picks port 0 for the gateway alone: a port derived from it may be held, or beyond 65535. */
const ANY_PORT_ATTEMPTS = 16;

/** Everything that a gateway holds, in the order in which it was taken: its port, further locks, derived ports. */
export class LockSet {
  constructor(
    readonly listener: ClaimedListener,
    readonly further: readonly FurtherLock[],
    readonly derived: ReadonlyMap<string, ClaimedListener>,
  ) {}

  /**
   * Serves what is held: the app on the port, the gateway's own routes alone on further locks.
   *
   * @param onLate called for an address of the port that this machine gets later
   */
  adopt(server: GatewayHttpServer, onLate: (late: LateAddress) => void): void {
    // The HTTP server watches the deadlines of its connections from this event on.
    server.http.once('listening', () => {
      for (const lock of this.further) lock.serve((socket) => server.serveRoutesOnly(socket));
    });
    this.listener.adopt(server.http);
    for (const one of [this.listener, ...this.derived.values()]) one.completeLater(onLate);
  }

  /** Calls back for each part that is lost, now or later. */
  whenLost(onLost: (loss: ListenerLoss, isDerived: boolean) => void): void {
    for (const { lost } of [this.listener, ...this.further]) void lost.then((loss) => onLost(loss, false));
    for (const { lost } of this.derived.values()) void lost.then((loss) => onLost(loss, true));
  }

  /** Releases everything, last taken first, at once and without waiting for connections. */
  close(): void {
    for (const lock of [this.listener, ...this.further, ...this.derived.values()].reverse()) lock.close();
  }
}

/**
 * Takes everything, or nothing. A listener that the caller handed in is not closed on failure: it stays the caller's.
 *
 * @throws {GatewayLockError} one of them is held, or cannot be bound
 * @throws {InputError} a derived port would be beyond 65535
 */
export async function claimLockSet(
  settings: GatewayLockSettings,
  takeFurther: readonly TakeFurtherLock[],
  attempt = 1,
): Promise<LockSet> {
  const listener = settings.listener ?? (await (settings.claim ?? claimListener)(settings));
  try {
    return await claimBeside(listener, settings, takeFurther);
  } catch (error) {
    if (settings.listener) throw error;
    listener.close();
    const isTaken = error instanceof GatewayLockError && error.derived !== undefined;
    const isTooHigh = error instanceof InputError && !hasRoomFor(settings.derived, listener.port);
    if (settings.port !== 0 || !(isTaken || isTooHigh) || attempt === ANY_PORT_ATTEMPTS) throw error;
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
