import { Agent, get, type AgentOptions, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import type { HostPort } from '../listener/endpoint.js';
import type { GatewayCard, Ownership } from '../listener/holder.js';
import { isConnectedToItself } from '../listener/is-refused.js';
import { gatewayUrl } from '../listener/listen-address.js';
import { CARD_PATH, contradicts, parseCard } from './card.js';
import { findPortOwner, userOfConnection } from './port-owner.js';
import { isProof, newNonce, NONCE_HEADER, PROOF_HEADER, tcpAddress } from './proof.js';

/** The card of a gateway is shorter; a peer that sends more is no gateway, and is not listened to. */
const MAX_ANSWER_BYTES = 32 * 1024;

/** What was found at the other end of a connection: a card, and whose the process is that has shown it. */
export interface AskedHolder {
  readonly card: GatewayCard;
  readonly ownership: Ownership;
}

/** What was asked for its card answered with something else. */
export class NoCardError extends Error {
  /** @param status of the answer, as in HTTP */
  constructor(
    readonly status: number,
    readonly headers: IncomingHttpHeaders,
  ) {
    super(`answered ${status} without the card of a gateway`);
  }
}

/** Makes every request over one connection, and no further one. */
export class OneConnectionAgent extends Agent {
  readonly socket: Socket;
  #isTaken = false;

  constructor({ host, port }: HostPort) {
    super({ keepAlive: true, maxSockets: 1 });
    this.socket = connect({ host, port, noDelay: true });
    // An agent hears the errors of a socket from its first request on.
    this.socket.on('error', () => undefined);
  }

  override getName(): string {
    return 'one connection';
  }

  override createConnection(_options: AgentOptions, callback?: (error: Error | null, stream: Duplex) => void): Duplex {
    if (this.#isTaken) {
      callback?.(connectionEnded(), this.socket);
      return this.socket;
    }
    this.#isTaken = true;
    return this.socket;
  }
}

/**
 * Asks over a connection whose holder is at its other end, so that what is found out still holds for what goes over the
 * same connection next. An older gateway, or one without a state folder, proves nothing. It is judged by the user of the
 * connected socket, and by its process: a tunnel of this user leads to a gateway that may be another user's.
 *
 * @param secret that of the state folder of this user
 * @param timeoutMs for the connect and the answer
 * @throws {NodeJS.ErrnoException} nothing could be connected to; ECONNREFUSED also for a connection to itself
 * @throws {NoCardError} what is there shows no card, and so is no gateway
 */
export async function askWhose(
  agent: OneConnectionAgent,
  secret: string | undefined,
  timeoutMs: number,
): Promise<AskedHolder> {
  const { socket } = agent;
  const deadline = performance.now() + timeoutMs;
  const timer = setTimeout(
    () => socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
    timeoutMs,
  );
  try {
    await connected(socket);
    // Without a secret too: until the connection is accepted, the kernel does not tell whose socket it is.
    const { card, isProven } = await askForCard(agent, secret);
    return { card, ownership: isProven ? 'proven' : await ownershipOf(socket, card, deadline) };
  } finally {
    clearTimeout(timer);
  }
}

async function ownershipOf(socket: Socket, card: GatewayCard, deadline: number): Promise<Ownership> {
  const { remoteAddress = '', remotePort = 0 } = socket;
  const { ownership } = userOfConnection(socket);
  if (ownership !== 'same user') return ownership;
  const owner = await findPortOwner(remoteAddress, remotePort, deadline, () => card.pid);
  return owner === 'unknown' || contradicts(owner, card) ? 'unknown' : ownership;
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => {
      if (isConnectedToItself(socket)) reject(Object.assign(new Error('nothing listens'), { code: 'ECONNREFUSED' }));
      else resolve();
    });
  });
}

/**
 * The card of the holder, and whether it has proven that it knows the secret.
 *
 * @throws {NoCardError}
 * @throws {Error} the connection has ended, or the answer is too long
 */
async function askForCard(
  agent: OneConnectionAgent,
  secret: string | undefined,
): Promise<{ readonly card: GatewayCard; readonly isProven: boolean }> {
  const { remoteAddress, remotePort } = agent.socket;
  // The holder may have reset the connection since; the system then has no address for it any more (ENOTCONN).
  if (remoteAddress === undefined || remotePort === undefined) throw connectionEnded();
  const nonce = newNonce();
  const Host = new URL(gatewayUrl(remoteAddress, remotePort).replace('ws:', 'http:')).host;
  return new Promise((resolve, reject) => {
    const request = get({ agent, path: CARD_PATH, headers: { Host, [NONCE_HEADER]: nonce } }, (response) => {
      const proof = response.headers[PROOF_HEADER];
      const address = tcpAddress(remoteAddress, remotePort);
      const isProven = secret !== undefined && isProof(proof, secret, nonce, address);
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => {
        const card = parseCard(Buffer.concat(chunks).toString());
        if (card) resolve({ card, isProven });
        else reject(new NoCardError(response.statusCode ?? 0, response.headers));
      });
      response.once('error', reject);
    });
    // What comes before the answer can be endless too, such as interim responses.
    const endFlood = (): void => {
      if (agent.socket.bytesRead > MAX_ANSWER_BYTES) request.destroy(new Error('the answer is too long'));
    };
    agent.socket.on('data', endFlood);
    request.once('error', reject);
    // Every other end, such as a change of protocol: without it, the process would end as if all had gone well.
    request.once('close', () => {
      agent.socket.off('data', endFlood);
      reject(new Error('it answered, and not with a card'));
    });
  });
}

function connectionEnded(): NodeJS.ErrnoException {
  return Object.assign(new Error('the connection has ended'), { code: 'ECONNRESET' });
}
