import { setTimeout as delay } from 'node:timers/promises';

import { listenOnce } from './listen-once.js';

/**
 * Whether this machine has an address to listen on, now. A bind to a port of the system's choice tells: the list of
 * interfaces also has IPv6 addresses that are tentative still, which cannot be bound (RFC 4862, 5.4). Never rejects.
 *
 * @param host an IP address
 */
export async function hasAddress(host: string): Promise<boolean> {
  try {
    (await listenOnce({ host, port: 0 })).close();
    return true;
  } catch (error) {
    // Any other error is for the bind that follows to report.
    return (error as NodeJS.ErrnoException).code !== 'EADDRNOTAVAIL';
  }
}

/** The pause between two looks for an address. */
const LOOK_AGAIN_MS = 500;

/**
 * Waits until this machine has an address. It looks twice a second: no system tells a process without further rights.
 *
 * @throws the reason of the signal
 */
export async function waitForAddress(host: string, signal: AbortSignal): Promise<void> {
  do await delay(LOOK_AGAIN_MS, undefined, { signal });
  while (!(await hasAddress(host)));
}
