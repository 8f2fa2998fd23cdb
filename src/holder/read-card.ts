import { get, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import { isWholeNumber } from '../common/whole-number.js';
import type { Endpoint } from '../listener/endpoint.js';
import type { GatewayCard } from '../listener/holder.js';
import { isConnectedToItself } from '../listener/is-refused.js';
import { hasIPv6Form, MAX_PORT } from '../listener/listen-address.js';
import { CARD_PATH, parseCard } from './card.js';
import { judgeFailedConnect } from './failed-connect.js';
import { userOfConnection, type PortUser } from './port-owner.js';
import { refusalIn } from './read-refusal-header.js';
import { isProof, newNonce, NONCE_HEADER, PROOF_HEADER, socketAddress, tcpAddress } from './proof.js';

/**
 * What a port answers when it is asked for its card:
 *
 * - `card`: a complete and valid card, whether the holder has proven that it can read the secret of the asker, and else,
 *   where that was asked, whose process has accepted the connection
 * - `stranger`: anything else: another status, a redirect, HTML, TLS, too much, or too slowly
 * - `refusal`: a gateway does not answer this process, for the reason that it gives; whether it is one is not known
 * - `closed`: nothing, from a peer that hung up
 * - `silent`: nothing, from a peer that accepted the connection or let the connect hang
 * - `refused`: nothing listens
 * - `unknown`: it could not be asked, by the fault of this process, or because there was no time left to ask
 */
export type CardAnswer =
  | { readonly kind: 'card'; readonly card: GatewayCard; readonly isProven: boolean; readonly accepter?: PortUser }
  | { readonly kind: 'stranger' }
  | { readonly kind: 'refusal'; readonly reason: string }
  | { readonly kind: 'closed' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unknown'; readonly errno: string };

/** What is asked of a holder. */
export interface Question {
  /** On the clock of `performance.now()`, in milliseconds. */
  readonly deadline: number;
  /**
   * That of the state folder, which the holder is asked to know too.
   * @default none
   */
  readonly secret?: string | undefined;
  /**
   * Whether the system is asked who has accepted the connection, where the holder proves nothing.
   * @default false
   */
  readonly asksAccepter?: boolean;
}

const MAX_BODY_BYTES = 16 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
/** All that is read from a connection: headers, body, and what frames them. */
const MAX_BYTES = 64 * 1024;

/**
 * Asks a port, or a local socket, for its card. One deadline bounds all of it: the connect, the headers and the body,
 * however they arrive. Nothing is left open when it resolves. Never rejects.
 *
 * @param endpoint with an IP address for a host
 */
export function readCard(
  endpoint: Endpoint,
  { deadline, secret, asksAccepter = false }: Question,
): Promise<CardAnswer> {
  const remainingMs = deadline - performance.now();
  if (remainingMs <= 0) return Promise.resolve({ kind: 'unknown', errno: 'ETIMEDOUT' });
  // A url on a card can have any number. Nothing listens on one that is no port, and Node would ask port 80 for 0.
  if ('port' in endpoint && !isWholeNumber(endpoint.port, 1, MAX_PORT)) return Promise.resolve({ kind: 'refused' });

  return new Promise((resolve) => {
    const nonce = secret === undefined ? undefined : newNonce();
    const request = get({
      ...endpoint,
      path: CARD_PATH,
      agent: false,
      maxHeaderSize: MAX_HEADER_BYTES,
      headers: {
        Host: hostHeader(endpoint),
        Accept: 'application/json',
        // The system tells whose the other end is only as long as that has it open.
        Connection: asksAccepter ? 'keep-alive' : 'close',
        ...(nonce !== undefined && { [NONCE_HEADER]: nonce }),
      },
    });
    // Where this process was too busy to see the answer in time, that waits for the event loop to turn.
    const timer = setTimeout(
      () => setImmediate(() => settle({ kind: request.socket?.bytesRead ? 'stranger' : 'silent' })),
      remainingMs,
    );
    const settle = (answer: CardAnswer): void => {
      clearTimeout(timer);
      request.destroy();
      resolve(answer);
    };
    let connected = false;
    const ended = (): CardAnswer => ({ kind: request.socket?.bytesRead ? 'stranger' : 'closed' });
    request.on('error', (error) => settle(connected ? ended() : answerOfFailedConnect(error, endpoint)));
    request.on('socket', (socket) => {
      socket.once('connect', () => {
        connected = true;
        if (isConnectedToItself(socket)) settle({ kind: 'refused' });
      });
      // What comes before the body can be endless too, such as interim responses.
      socket.on('data', () => {
        if (socket.bytesRead > MAX_BYTES) settle({ kind: 'stranger' });
      });
    });
    request.on('response', (response) => {
      if (response.statusCode !== 200) {
        const reason = refusalIn(response.headers);
        settle(reason === undefined ? { kind: 'stranger' } : { kind: 'refusal', reason });
        return;
      }
      const isProven =
        secret !== undefined &&
        nonce !== undefined &&
        isProof(response.headers[PROOF_HEADER], secret, nonce, addressReached(endpoint, response.socket));
      const { socket } = response;
      readBody(response, (text) => {
        const card = text === undefined ? undefined : parseCard(text);
        if (!card) {
          settle({ kind: 'stranger' });
          return;
        }
        // The system tells no user of a local socket.
        const accepter = asksAccepter && !isProven && 'port' in endpoint ? userOfConnection(socket) : undefined;
        settle({ kind: 'card', card, isProven, ...(accepter && { accepter }) });
      });
    });
    // Every other end: an answer that is cut off, or a change of protocol.
    request.on('close', () => settle(ended()));
  });
}

/** Where the holder was reached, in the spelling of proofs. */
function addressReached(endpoint: Endpoint, { remoteAddress, remotePort }: Socket): string {
  return 'socketPath' in endpoint ? socketAddress(endpoint.socketPath) : tcpAddress(remoteAddress, remotePort);
}

/** @param onEnd gets the whole text, or nothing where that is too long */
function readBody(response: IncomingMessage, onEnd: (text?: string) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  response.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) onEnd();
    else chunks.push(chunk);
  });
  response.once('end', () => onEnd(Buffer.concat(chunks).toString()));
}

function answerOfFailedConnect(error: NodeJS.ErrnoException, endpoint: Endpoint): CardAnswer {
  const kind = judgeFailedConnect(error, endpoint);
  return kind === 'unknown' ? { kind, errno: error.code ?? error.message } : { kind };
}

function hostHeader(endpoint: Endpoint): string {
  if ('socketPath' in endpoint) return 'localhost';
  const { host, port } = endpoint;
  return hasIPv6Form(host) ? `[${host.replace(/%.*$/, '')}]:${port}` : `${host}:${port}`;
}
