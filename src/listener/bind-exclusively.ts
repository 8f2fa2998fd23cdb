import { setTimeout as delay } from 'node:timers/promises';

import type { Endpoint } from './endpoint.js';
import { isRefused } from './is-refused.js';
import { isListenedOn } from './listening-sockets.js';

/** How long a start keeps trying on an address that is taken but refuses connections. */
const CONTENTION_DEADLINE_MS = 500;
/** On a busy machine one attempt can outlast the deadline, and so few attempts do not settle a contention. */
const CONTENTION_MIN_ATTEMPTS = 4;
const CONTENTION_PAUSE_MS = { min: 1, max: 20 };
/** The least that a probe is given, even after the deadline, for the same reason. */
const PROBE_MIN_MS = 50;

/**
 * Binds what only one process can have. If something listens there, the refusal is final at once. If nothing does, it
 * tries again for a moment. The holder may be dying, since the descriptors of a process do not close together. Or, with
 * TCP on Linux, two simultaneous starters have refused each other: libuv sets SO_REUSEADDR, so both pass bind(2) and
 * both fail listen(2) (inet_csk_listen_start).
 *
 * @param probes the addresses that the bind collides with. The system is asked whether something listens there; where it
 * does not tell, a connection does
 * @throws {NodeJS.ErrnoException} the error of the last bind, with code EADDRINUSE where the address is held
 */
export async function bindExclusively<T>(
  bind: () => Promise<T>,
  probes: readonly Endpoint[],
  deadline = performance.now() + CONTENTION_DEADLINE_MS,
  attempt = 1,
): Promise<T> {
  try {
    return await bind();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const expired = performance.now() >= deadline && attempt >= CONTENTION_MIN_ATTEMPTS;
    if (expired || !(await areAllRefused(probes, deadline))) throw error;
  }
  const { min, max } = CONTENTION_PAUSE_MS;
  await delay(min + Math.random() * (max - min));
  return bindExclusively(bind, probes, deadline, attempt + 1);
}

async function areAllRefused(probes: readonly Endpoint[], deadline: number): Promise<boolean> {
  for (const probe of probes) {
    if ('host' in probe && isListenedOn(probe)) return false;
    const timeoutMs = Math.max(deadline - performance.now(), PROBE_MIN_MS);
    if (!(await isRefused(probe, timeoutMs))) return false;
  }
  return true;
}
