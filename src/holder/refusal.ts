import type { IncomingHttpHeaders } from 'node:http';

import { printable } from '../common/printable.js';
import { REFUSAL_HEADER } from '../serving/refusal-header.js';

const MAX_REASON_LENGTH = 64;

/**
 * The reason for which a gateway has refused a request, by its own account: every process can send the header. So it
 * serves for a hint to the operator, and for nothing else.
 */
export function refusalIn({ [REFUSAL_HEADER.toLowerCase()]: reason }: IncomingHttpHeaders): string | undefined {
  return typeof reason === 'string' ? printable(reason).slice(0, MAX_REASON_LENGTH) : undefined;
}

/**
 * What lets a client in that a gateway has refused for a name that it does not know as its own: a tunnel, or a port that is
 * mapped, makes it look so.
 *
 * @param url that the client has used
 */
export function wayIn(reason: string, url: string): string {
  if (reason.includes('origin')) return 'start it with --allow-origin and the origin of the page';
  return `start it with --allow-host ${url.replace(/^wss?:\/\//, '').replace(/\/.*$/, '')}`;
}
