import { get, type ClientRequest, type IncomingMessage } from 'node:http';

import type { Endpoint } from '../listener/endpoint.js';
import { hasIPv6Form } from '../listener/listen-address.js';
import { CARD_PATH, parseCard, type GatewayCard } from './card.js';

/**
 * What a port has to say for itself.
 *
 * - `card`: a complete and valid card
 * - `stranger`: anything else that was said: another status, a redirect, HTML, TLS, too much, too slowly, or a
 *   connection that was closed without an answer
 * - `silent`: nothing, from a peer that accepted or let the connect hang
 * - `refused`: nobody listens
 */
export type CardAnswer =
  | { readonly kind: 'card'; readonly card: GatewayCard }
  | { readonly kind: 'stranger' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'refused' };

const MAX_BODY_BYTES = 16 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
/** Headers and body, and what frames them. */
const MAX_BYTES = 64 * 1024;

/** The machine itself says that nobody can be there. */
const NOBODY_THERE = new Set(['ECONNREFUSED', 'EAFNOSUPPORT', 'ENETUNREACH', 'EHOSTUNREACH', 'ENOTFOUND', 'ENOENT']);

/**
 * Asks a port, or a local socket, for its card. One deadline bounds all of it: the connect, the headers and the body, however they arrive.
 * Nothing is left open when it resolves; it never rejects.
 *
 * @param endpoint with an IP address for a host
 * @param deadline on the clock of `performance.now()`, in milliseconds
 */
export function readCard(endpoint: Endpoint, deadline: number): Promise<CardAnswer> {
  const remainingMs = deadline - performance.now();
  if (remainingMs <= 0) return Promise.resolve({ kind: 'silent' });

  return new Promise((resolve) => {
    let request: ClientRequest | undefined;
    const timer = setTimeout(() => settle({ kind: request?.socket?.bytesRead ? 'stranger' : 'silent' }), remainingMs);
    const settle = (answer: CardAnswer): void => {
      clearTimeout(timer);
      request?.destroy();
      resolve(answer);
    };

    try {
      request = get({
        ...endpoint,
        path: CARD_PATH,
        agent: false,
        maxHeaderSize: MAX_HEADER_BYTES,
        headers: { Host: hostHeader(endpoint), Accept: 'application/json', Connection: 'close' },
      });
    } catch {
      // No port that anybody could listen on.
      settle({ kind: 'refused' });
      return;
    }
    let connected = false;
    request.on('error', (error) => settle({ kind: connected ? 'stranger' : kindOfFailedConnect(error, endpoint) }));
    request.on('socket', (socket) => {
      socket.once('connect', () => {
        connected = true;
        // TCP lets a socket whose ephemeral port is the port it connects to meet itself (RFC 9293, 3.5).
        const { localPort, remotePort, localAddress, remoteAddress } = socket;
        const metItself = localPort !== undefined && localPort === remotePort && localAddress === remoteAddress;
        if (metItself) settle({ kind: 'refused' });
      });
      // What is not body can be endless too, such as interim responses.
      socket.on('data', () => {
        if (socket.bytesRead > MAX_BYTES) settle({ kind: 'stranger' });
      });
    });
    request.on('response', (response) => {
      if (response.statusCode === 200) readBody(response, settle);
      else settle({ kind: 'stranger' });
    });
    // Whatever ends it in another way: an answer cut off in the middle, a change of protocol.
    request.on('close', () => settle({ kind: 'stranger' }));
  });
}

function readBody(response: IncomingMessage, settle: (answer: CardAnswer) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  response.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) settle({ kind: 'stranger' });
    else chunks.push(chunk);
  });
  response.once('end', () => {
    const card = parseCard(Buffer.concat(chunks).toString());
    settle(card ? { kind: 'card', card } : { kind: 'stranger' });
  });
}

function kindOfFailedConnect(
  { code = '' }: NodeJS.ErrnoException,
  endpoint: Endpoint,
): 'refused' | 'stranger' | 'silent' {
  if (NOBODY_THERE.has(code)) return 'refused';
  // No such address here. With IPv4, where loopback is a given, it says that this machine has no port left to ask from.
  if (code === 'EADDRNOTAVAIL' && 'host' in endpoint && hasIPv6Form(endpoint.host)) return 'refused';
  return code === 'ECONNRESET' ? 'stranger' : 'silent';
}

function hostHeader(endpoint: Endpoint): string {
  if ('socketPath' in endpoint) return 'localhost';
  const { host, port } = endpoint;
  return hasIPv6Form(host) ? `[${host.replace(/%.*$/, '')}]:${port}` : `${host}:${port}`;
}
