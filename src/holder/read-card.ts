import { get, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
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
    const challenge = secret === undefined ? undefined : { secret, nonce: newNonce() };
    const request = askForCard(endpoint, challenge?.nonce, asksAccepter);
    const settle: Settle = (answer) => {
      clearTimeout(timer);
      request.destroy();
      resolve(answer);
    };
    // Where this process was too busy to see the answer in time, that waits for the event loop to turn.
    const timer = setTimeout(() => setImmediate(() => settle(cutShort(request, 'silent'))), remainingMs);
    watchConnection(request, endpoint, settle);
    request.on('response', (response) => {
      const { statusCode, headers, socket } = response;
      if (statusCode !== 200) {
        settle(answerOfOtherStatus(headers));
        return;
      }
      const isProven =
        challenge !== undefined &&
        isProof(headers[PROOF_HEADER], challenge.secret, challenge.nonce, addressReached(endpoint, socket));
      // The system tells no user of a local socket.
      const asksSystem = asksAccepter && !isProven && 'port' in endpoint;
      readBody(response, (text) => settle(answerOfBody(text, isProven, asksSystem ? socket : undefined)));
    });
  });
}

type Settle = (answer: CardAnswer) => void;

function askForCard(endpoint: Endpoint, nonce: string | undefined, asksAccepter: boolean): ClientRequest {
  return get({
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
}

/** Settles every question that gets no whole answer, the deadline aside. */
function watchConnection(request: ClientRequest, endpoint: Endpoint, settle: Settle): void {
  let isConnected = false;
  request.on('socket', (socket) => {
    socket.once('connect', () => {
      isConnected = true;
      if (isConnectedToItself(socket)) settle({ kind: 'refused' });
    });
    // What comes before the body can be endless too, such as interim responses.
    socket.on('data', () => {
      if (socket.bytesRead > MAX_BYTES) settle({ kind: 'stranger' });
    });
  });
  request.on('error', (error) =>
    settle(isConnected ? cutShort(request, 'closed') : answerOfFailedConnect(error, endpoint)),
  );
  // Every other end: an answer that is cut off, or a change of protocol.
  request.on('close', () => settle(cutShort(request, 'closed')));
}

/** @param kind where nothing at all was answered */
function cutShort({ socket }: ClientRequest, kind: 'silent' | 'closed'): CardAnswer {
  return { kind: socket?.bytesRead ? 'stranger' : kind };
}

function answerOfOtherStatus(headers: IncomingHttpHeaders): CardAnswer {
  const reason = refusalIn(headers);
  return reason === undefined ? { kind: 'stranger' } : { kind: 'refusal', reason };
}

/**
 * @param text missing where it is too long
 * @param connection the one whose accepter the system is asked for
 */
function answerOfBody(text: string | undefined, isProven: boolean, connection: Socket | undefined): CardAnswer {
  const card = text === undefined ? undefined : parseCard(text);
  if (!card) return { kind: 'stranger' };
  return { kind: 'card', card, isProven, ...(connection && { accepter: userOfConnection(connection) }) };
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
