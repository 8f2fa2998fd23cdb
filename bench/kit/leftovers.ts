import { readFileSync } from 'node:fs';

import { until } from '../../test/kit/deadline.js';

/** As many do not show in any figure. */
const FEW = 500;
/** TCP_TIMEWAIT_LEN in the kernel's tcp.h is a minute. */
const DEADLINE_MS = 90_000;

/**
 * Resolves when the kernel has forgotten the connections of what ran before. Each that was closed keeps a row in its tables
 * for a minute, and those are read to find out who holds a port.
 */
export async function forgottenConnections(): Promise<void> {
  if (process.platform !== 'linux') return;
  await until(DEADLINE_MS, 'the kernel to forget earlier connections', () => waitingConnections() < FEW).catch(
    () => undefined,
  );
}

/** How many wait in TIME_WAIT (RFC 9293, 3.3.2). */
function waitingConnections(): number {
  return Number(/^TCP:.* tw (\d+)/m.exec(readFileSync('/proc/net/sockstat', 'utf8'))?.[1] ?? 0);
}
