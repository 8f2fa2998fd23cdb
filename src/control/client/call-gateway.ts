import { randomUUID } from 'node:crypto';

import { WebSocket } from 'ws';

import { askWhose, NoCardError, OneConnectionAgent, type AskedHolder } from '../../holder/ask-whose.js';
import { notOfProfile } from '../../holder/stop-holder.js';
import { isOwn } from '../../holder/who-holds.js';
import { addressOfUrl } from '../../listener/listen-address.js';
import { NOT_TO_RELAY } from '../../serving/stand-in.js';
import { failureOf, judgeAnswer, tooLate } from './failed-connection.js';
import { connectParams, MAX_ANSWER_BYTES, parseAnswer, refusedEntry, refusedRequest } from './gateway-answer.js';
import { GatewayCallError } from './gateway-call.error.js';

/** Which gateways of this user are asked. */
export interface OwnOnly {
  readonly secret: string | undefined;
  /**
   * Whether the one at the other end is meant: another one may have taken the port since it was looked up.
   * @default any gateway of this user is
   */
  readonly isMeant?: (holder: AskedHolder) => boolean;
}

/** Which gateway is asked, and what. */
export interface CallOptions {
  /** As in `ws://127.0.0.1:18789`. */
  readonly url: string;
  /** What the gateway is shown; `undefined` for none, with which a gateway lets no client in. */
  readonly token: string | undefined;
  /** The name of the method, such as `health`. */
  readonly method: string;
  /**
   * What the method is given: an object that has a form in JSON.
   * @default {}
   */
  readonly params?: object | undefined;
  /**
   * For all of it, the connection included, in milliseconds.
   * @default 10000
   */
  readonly timeoutMs?: number;
  /**
   * Asks only a gateway of this user, and shows the token to no other. The gateway proves on the same connection that it
   * knows this secret of the state folder. If it proves nothing, the operating system has to say that the connected socket
   * and the process are this user's.
   *
   * @default the token is for whatever the url names
   * @internal
   */
  readonly ownOnly?: OwnOnly;
  /**
   * Whether the request is about the gateway at that url itself: one that stands by for another host then refuses it, in
   * place of passing it on to that one.
   * @default false
   */
  readonly direct?: boolean;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Connects to a gateway, makes one request, and hangs up.
 *
 * @returns the payload of the answer
 * @throws {GatewayCallError}
 * @example
 * ```ts
 * const health = await callGateway({ url: 'ws://127.0.0.1:18789', token, method: 'health' });
 * ```
 */
export async function callGateway({ timeoutMs = DEFAULT_TIMEOUT_MS, ...options }: CallOptions): Promise<unknown> {
  const deadline = performance.now() + timeoutMs;
  const agent = options.ownOnly && (await connectToOwn(options, options.ownOnly, timeoutMs));
  try {
    return await request({ ...options, timeoutMs, deadline, agent });
  } finally {
    agent?.destroy();
  }
}

/** @throws {GatewayCallError} what is there is not certain to be a gateway of this user */
async function connectToOwn(
  { url, token }: Pick<CallOptions, 'url' | 'token'>,
  { secret, isMeant = () => true }: OwnOnly,
  timeoutMs: number,
): Promise<OneConnectionAgent> {
  const isKept =
    token === undefined ? `no answer is taken from ${url}` : `the token of this user is not shown to ${url}`;
  const address = addressOfUrl(url);
  const agent = new OneConnectionAgent(address);
  try {
    const holder = await askWhose(agent, secret, timeoutMs);
    const isOurs = isOwn(holder);
    if (isOurs && isMeant(holder)) return agent;
    if (isOurs) throw new GatewayCallError('not a gateway', `${isKept}: ${notOfProfile(address.port)}`);
    throw holder.ownership === 'other user'
      ? new GatewayCallError('not a gateway', `${isKept}, which is another user's: name it with --url to show one`)
      : new GatewayCallError('unknown', `${isKept}: it cannot be told whose it is; name it with --url to show one`);
  } catch (error) {
    agent.destroy();
    if (error instanceof GatewayCallError) throw error;
    const failure = await failureOf(error as NodeJS.ErrnoException, url, timeoutMs);
    if (!(error instanceof NoCardError) || failure.code !== 'not a gateway') throw failure;
    throw new GatewayCallError(failure.code, token === undefined ? failure.message : `${failure.message}; ${isKept}`);
  }
}

interface RequestOptions extends CallOptions {
  readonly timeoutMs: number;
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  readonly agent: OneConnectionAgent | undefined;
}

function request({ url, token, method, params, timeoutMs, deadline, agent, direct }: RequestOptions): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, {
      maxPayload: MAX_ANSWER_BYTES,
      perMessageDeflate: false,
      ...(agent && { agent }),
      ...(direct && { headers: NOT_TO_RELAY }),
    });
    const hangUp = (settle: () => void): void => {
      clearTimeout(timer);
      settle();
      socket.removeAllListeners('close').close();
      // A peer that never answers the close frame does not keep us.
      setTimeout(() => socket.terminate(), CLOSE_GRACE_MS).unref();
    };
    const fail = (error: GatewayCallError): void => hangUp(() => reject(error));
    const timer = setTimeout(() => fail(tooLate(url, timeoutMs)), Math.max(deadline - performance.now(), 0));
    const ids = { connect: randomUUID(), request: randomUUID() };
    const ask = (id: string, name: string, about: object): void =>
      socket.send(JSON.stringify({ type: 'req', id, method: name, params: about }));

    socket.on('unexpected-response', (_request, { statusCode = 0, headers }) =>
      fail(judgeAnswer(statusCode, headers, url)),
    );
    socket.on('error', (error: NodeJS.ErrnoException) => {
      hangUp(() => void failureOf(error, url, timeoutMs).then(reject));
    });
    socket.on('close', (code, reason) => {
      const why = reason.toString();
      fail(new GatewayCallError('not ready', `the gateway on ${url} hung up: ${code}${why && ` ${why}`}`));
    });
    // A server that repeats its challenge is answered once.
    let hasAsked = false;
    socket.on('message', (data: Buffer) => {
      const frame = parseAnswer(data);
      if (frame.type === 'event' && frame.event === 'connect.challenge' && !hasAsked) {
        hasAsked = true;
        ask(ids.connect, 'connect', connectParams(token));
      } else if (frame.type === 'res' && frame.id === ids.connect) {
        if (frame.ok) ask(ids.request, method, params ?? {});
        else fail(refusedEntry(url, frame.error));
      } else if (frame.type === 'res' && frame.id === ids.request) {
        if (frame.ok) hangUp(() => resolve(frame.payload ?? null));
        else fail(refusedRequest(method, frame.error));
      }
    });
  });
}

const CLOSE_GRACE_MS = 1_000;
