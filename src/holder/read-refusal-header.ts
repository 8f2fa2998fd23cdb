// Apart from serving/refusal-header.ts, so that the server, which writes the header, does not load how it is read.
import type { IncomingHttpHeaders } from 'node:http';

import { REFUSAL_HEADER } from '../serving/refusal-header.js';

/** What a gateway calls the rules that a tunnel breaks; all others are broken by the client itself. */
const REASONS: ReadonlySet<unknown> = new Set(['host not allowed', 'origin not allowed']);

/**
 * The rule by which a gateway has refused the way to it, by its own account: every process can send the header. So it
 * serves for a hint to the operator, and for nothing else.
 */
export function refusalIn(headers: IncomingHttpHeaders): string | undefined {
  const reason = headers[REFUSAL_HEADER.toLowerCase()];
  return typeof reason === 'string' && REASONS.has(reason) ? reason : undefined;
}

/**
 * How the gateway is started so that it lets such a client in. The gateway has refused a name that it does not know as its
 * own: the client came through a tunnel, or a mapped port.
 *
 * @param url that the client has used
 */
export function wayIn(reason: string, url: string): string {
  if (reason.includes('origin')) return 'start it with --allow-origin and the origin of the page';
  return `start it with --allow-host ${url.replace(/^wss?:\/\//, '').replace(/\/.*$/, '')}`;
}
