import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';

import { userOfPort } from '../holder/port-owner.js';
import type { RequestRefusal } from '../serving/access-policy.js';
import { CloseCode } from '../serving/close-code.js';
import { clientAddress } from '../serving/forwarded-for.js';
import { dismissWebSocket, setPauser } from '../serving/connection-reader.js';
import { NOT_TO_RELAY } from '../serving/stand-in.js';
import { closeFrame, FrameFollower } from './frame-follower.js';

/** Enough for a network that works; a client that waits longer has long tried again. */
const CONNECT_MS = 5_000;
const HTTP_PORT = 80;

/**
 * Headers that do not reach the active gateway: who calls was judged by this host, by names that are its own; and whom it
 * is for, this host says itself.
 */
const NOT_PASSED_ON =
  /^(?:host|origin|sec-fetch-.*|forwarded|x-forwarded-.*|x-real-ip|content-length|transfer-encoding)$/i;

const NOT_REACHED: RequestRefusal = { status: 503, reason: 'the active gateway was not reached' };

/** How a relayed client is closed by this host. */
export interface RelayEnd {
  readonly code: number;
  readonly reason: string;
}

/** A client of this host whose WebSocket is with the active gateway: every byte passes, and none is changed. */
export class RelayedClient {
  readonly #socket: Socket;
  readonly #follower = new FrameFollower();
  #upstream: Socket | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /**
   * Asks the active gateway for the WebSocket that the client has asked this host for.
   *
   * @param unparsed what the client has sent after its request
   * @returns the client, once the active gateway has agreed; else the refusal of that one, or why it was not reached
   */
  static async connect(
    target: URL,
    request: IncomingMessage,
    socket: Socket,
    unparsed: Buffer,
  ): Promise<RelayedClient | RequestRefusal> {
    const asking = await ask(target, request, socket).catch(() => undefined);
    if (!asking) return NOT_REACHED;
    // Its end was missed.
    if (socket.destroyed) asking.destroy();
    const deadline = setTimeout(() => asking.destroy(new Error('no answer in time')), CONNECT_MS);
    const hangUp = (): void => void asking.destroy();
    socket.once('close', hangUp);
    return new Promise((resolve) => {
      const settle = (outcome: RelayedClient | RequestRefusal): void => {
        clearTimeout(deadline);
        socket.off('close', hangUp);
        resolve(outcome);
      };
      asking.on('upgrade', (response, upstream, head) => {
        const client = new RelayedClient(socket);
        client.#join(response, upstream, head, unparsed);
        settle(client);
      });
      asking.on('response', (response) => {
        settle({ status: response.statusCode ?? 502, reason: 'the active gateway has refused it' });
        response.destroy();
      });
      asking.on('error', () => settle(NOT_REACHED));
    });
  }

  /** Resolves when the connection of the client has ended. */
  get closed(): Promise<void> {
    if (this.#socket.closed) return Promise.resolve();
    return new Promise((resolve) => this.#socket.once('close', () => resolve()));
  }

  /** Ends the WebSocket with a close frame, where one fits in: in the midst of a frame there is nothing to be said. */
  close({ code, reason }: RelayEnd): void {
    const socket = this.#socket;
    this.#upstream?.removeAllListeners('data').destroy();
    // What the client still sends is read, so that its end is seen.
    socket.unpipe().resume();
    if (!this.#follower.isBetweenFrames) socket.destroy();
    else if (!this.#follower.hasClosed) socket.write(closeFrame(code, reason));
    dismissWebSocket(socket);
    socket.end();
  }

  #join(response: IncomingMessage, upstream: Socket, head: Buffer, unparsed: Buffer): void {
    const socket = this.#socket;
    this.#upstream = upstream;
    // A WebSocket may be silent for as long as it likes.
    for (const one of [socket, upstream]) one.setTimeout(0).setNoDelay(true);
    upstream.on('error', () => upstream.destroy());
    socket.write(answerOf(response));
    const pass = (chunk: Buffer): void => {
      this.#follower.follow(chunk);
      if (!socket.write(chunk)) upstream.pause();
    };
    if (head.length > 0) pass(head);
    upstream.on('data', pass);
    socket.on('drain', () => upstream.resume());
    upstream.on('end', () => this.close({ code: CloseCode.SERVICE_RESTART, reason: 'the active gateway is gone' }));
    upstream.on('close', () => {
      if (!socket.writableEnded) this.close({ code: CloseCode.SERVICE_RESTART, reason: 'the active gateway is gone' });
    });
    if (unparsed.length > 0) upstream.write(unparsed);
    setPauser(socket, {
      get isPaused() {
        return upstream.writableNeedDrain;
      },
    });
    socket.pipe(upstream);
    socket.on('close', () => upstream.destroy());
  }
}

/** @throws {Error} what is there is not the active gateway, or nothing is */
async function ask(target: URL, { url, rawHeaders }: IncomingMessage, socket: Socket): Promise<ClientRequest> {
  const { request } = target.protocol === 'wss:' ? await import('node:https') : await import('node:http');
  const passedOn = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 && !NOT_PASSED_ON.test(name) ? [name, rawHeaders[index + 1] ?? ''] : [],
  );
  const address = clientAddress(socket);
  const headers = [
    ...['Host', target.host],
    ...passedOn,
    ...(address === undefined ? [] : ['X-Forwarded-For', address]),
    ...Object.entries(NOT_TO_RELAY).flat(),
  ];
  const { port } = target;
  // A literal address in a URL has brackets, which a socket does not take.
  const hostname = target.hostname.replace(/^\[(.*)\]$/, '$1');
  const upstream = target.protocol === 'ws:' ? await connectOwn(hostname, Number(port || HTTP_PORT)) : undefined;
  const asking = request({
    hostname,
    ...(port !== '' && { port: Number(port) }),
    path: url,
    headers,
    // An agent would make a connection of its own.
    ...(upstream ? { createConnection: () => upstream } : { agent: false }),
  });
  asking.end();
  return asking;
}

/**
 * Connects to a gateway on this machine, for which no certificate vouches. Another user may listen in its place as soon as
 * it is gone, and would get the tokens of the clients. Only Linux tells.
 *
 * @throws {Error} nothing listens there, or it is not certain that a process of this user does
 */
async function connectOwn(host: string, port: number): Promise<Socket> {
  const upstream = connect({ host, port });
  try {
    await once(upstream, 'connect', { signal: AbortSignal.timeout(CONNECT_MS) });
    if (process.platform === 'linux' && userOfPort(host, port).ownership !== 'same user') throw new Error('not own');
    return upstream;
  } catch (error) {
    upstream.on('error', () => undefined).destroy();
    throw error;
  }
}

/** The answer as it came, byte for byte but for the spaces around its colons. */
function answerOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
