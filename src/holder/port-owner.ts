import type { PortOwner } from '../lock/listener/holder.js';
import { findPortOwnerElsewhere } from './port-owner-elsewhere.js';
import { findPortOwnerOnLinux } from './port-owner-linux.js';

export type { PortOwner };

/**
 * Asks the operating system which process listens on an address of this machine. Best effort; never rejects.
 *
 * @param host `localhost` or an IP address; for a wildcard, whoever stands in the way of a bind to it
 * @param deadline on the clock of `performance.now()`, in milliseconds
 * @param pidHint a process to look at first; waited for, within the deadline, before the others are looked at
 * @returns `unknown` when nobody listens, when this user may not look, or when it was not found in time
 */
export async function findPortOwner(
  host: string,
  port: number,
  deadline: number,
  pidHint?: number | Promise<number | undefined>,
): Promise<PortOwner | 'unknown'> {
  const remainingMs = deadline - performance.now();
  if (remainingMs <= 0) return 'unknown';

  // A read from /proc waits for the memory of the other process, and that can be for ever.
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), remainingMs);
  });
  const look = process.platform === 'linux' ? findPortOwnerOnLinux : findPortOwnerElsewhere;
  try {
    return (await Promise.race([look(host, port, deadline, pidHint), late])) ?? 'unknown';
  } catch {
    return 'unknown';
  } finally {
    clearTimeout(timer);
  }
}
