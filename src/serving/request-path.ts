import type { IncomingMessage } from 'node:http';

/**
 * The path of a request as it was sent, without its query; the request target may also be an absolute URL (RFC 9112,
 * 3.2.2). Not normalised: the app behind gets it as it is, and must not see more in it than was decided on here.
 */
export function requestPath({ url = '' }: Pick<IncomingMessage, 'url'>): string {
  return url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '') || '/';
}
