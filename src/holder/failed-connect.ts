import type { Endpoint } from '../listener/endpoint.js';
import { hasIPv6Form } from '../listener/listen-address.js';
import { isOnInterface } from './serving-address.js';

/**
 * What the error of a connect(2) says of the address:
 *
 * - `refused`: nothing listens there
 * - `closed`: what listens there has hung up
 * - `silent`: what listens there does not accept the connection
 * - `unknown`: nothing, since the error is about the process that asks
 */
export type FailedConnect = 'refused' | 'closed' | 'silent' | 'unknown';

/** By these the machine itself says that nothing can listen there. */
const NOTHING_THERE = new Set(['ECONNREFUSED', 'EAFNOSUPPORT', 'ENETUNREACH', 'EHOSTUNREACH', 'ENOTFOUND', 'ENOENT']);
const HUNG_UP = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);
/** No descriptor, no memory, or a rule that forbids this process to connect (connect(2), socket(2), seccomp(2)). */
const OWN_FAULT = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EACCES', 'EPERM']);

/** Judges the error of a connect that did not come about. */
export function judgeFailedConnect({ code = '' }: NodeJS.ErrnoException, endpoint: Endpoint): FailedConnect {
  if (NOTHING_THERE.has(code)) return 'refused';
  if (HUNG_UP.has(code)) return 'closed';
  if (OWN_FAULT.has(code)) return 'unknown';
  // Two reasons share this code: no local port is left to ask from, or this machine has no such address.
  if (code === 'EADDRNOTAVAIL') return isOfThisMachine(endpoint) ? 'unknown' : 'refused';
  // The last: a local socket whose backlog is full (unix(7)); a TCP connect gives it where no local port is left.
  return code === 'EAGAIN' && 'host' in endpoint ? 'unknown' : 'silent';
}

function isOfThisMachine(endpoint: Endpoint): boolean {
  // No interface lists all addresses of IPv4's loopback.
  return 'socketPath' in endpoint || !hasIPv6Form(endpoint.host) || isOnInterface(endpoint.host);
}
