import type { IncomingMessage } from 'node:http';

/**
 * The path of a request as it was sent, without its query; the request target may also be an absolute URL (RFC 9112,
 * 3.2.2). Not normalised: the app gets the path as it was sent, and must not see another one than was judged here.
 */
export function requestPath({ url = '' }: Pick<IncomingMessage, 'url'>): string {
  return url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '') || '/';
}
