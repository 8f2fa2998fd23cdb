import { setTimeout as delay } from 'node:timers/promises';

import type { Endpoint } from './endpoint.js';
import { isRefused } from './is-refused.js';

/** How long a start that meets a taken but silent address keeps trying. Milliseconds. */
const CONTENTION_DEADLINE_MS = 500;
/** On a crowded machine one attempt can outlast the deadline; contention is not settled by so few. */
const CONTENTION_MIN_ATTEMPTS = 4;
const CONTENTION_PAUSE_MS = { min: 1, max: 20 };
/** What a probe is given even when the deadline has passed, for the same reason. Milliseconds. */
const PROBE_MIN_MS = 50;

/**
 * Binds what only one can have. A refusal by somebody who listens is final, at once; one by nobody is tried again for a
 * moment: its holder is dying, since the descriptors of a process do not close together, or, with TCP on Linux, two
 * simultaneous starters have refused each other: libuv sets SO_REUSEADDR, so both pass bind(2) and both fail listen(2)
 * (inet_csk_listen_start).
 *
 * @param probes where to connect to find out whether somebody listens on what the bind collides with
 * @throws {NodeJS.ErrnoException} that of the last bind, with code EADDRINUSE where it is held
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
    if (expired || !(await nobodyListens(probes, deadline))) throw error;
  }
  const { min, max } = CONTENTION_PAUSE_MS;
  await delay(min + Math.random() * (max - min));
  return bindExclusively(bind, probes, deadline, attempt + 1);
}

async function nobodyListens(probes: readonly Endpoint[], deadline: number): Promise<boolean> {
  for (const probe of probes) {
    const timeoutMs = Math.max(deadline - performance.now(), PROBE_MIN_MS);
    if (!(await isRefused(probe, timeoutMs))) return false;
  }
  return true;
}
