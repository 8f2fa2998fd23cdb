import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type ListenOptions, type Server, type Socket } from 'node:net';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';

import { WebSocket, type ClientOptions } from 'ws';

import { onCleanUp } from './cleaner.js';
import { within } from './deadline.js';

/** A machine that is busy takes seconds for many at once; only a failure waits for so long. */
const DEADLINE_MS = 20_000;
/** Node asks for a backlog of 511, and a kernel may give less. */
const MOST_CONNECTIONS = 1_000;
/** On loopback the kernel answers a connect before the call returns, unless it does not. */
const HANGING_AFTER_MS = 300;

/** A plain server, closed with its connections when the test ends. Port 0 on 127.0.0.1 unless told. */
export async function stranger(options: ListenOptions = {}, onConnection?: (socket: Socket) => void): Promise<Server> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection?.(socket);
  });
  onCleanUp(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  server.listen(options.path === undefined ? { host: '127.0.0.1', port: 0, ...options } : options);
  await once(server, 'listening');
  return server;
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** A raw TCP connection, destroyed when the test ends. */
export async function rawConnection(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ host, port });
  socket.on('error', () => undefined);
  onCleanUp(() => socket.destroy());
  await within(DEADLINE_MS, `a connection to ${host}:${port}`, once(socket, 'connect'));
  return socket;
}

/** Connects to a frozen process until a connect hangs, which is the last of those returned. */
export async function fillBacklog(port: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  onCleanUp(() => sockets.forEach((socket) => socket.destroy()));
  while (sockets.length < MOST_CONNECTIONS) {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => undefined);
    sockets.push(socket);
    await within(HANGING_AFTER_MS, 'the connect', once(socket, 'connect')).catch(() => undefined);
    // A busy machine may have had no time for this process to hear of it.
    await turnOfTheLoop();
    if (socket.connecting) return sockets;
  }
  throw new Error(`${MOST_CONNECTIONS} connections did not fill the backlog`);
}

export interface CloseFrame {
  readonly code: number;
  readonly reason: string;
}

/** A WebSocket client that keeps what it gets. */
export class Client {
  readonly messages: unknown[] = [];
  readonly closed: Promise<CloseFrame>;
  readonly #onMessage = new Set<() => void>();

  private constructor(readonly socket: WebSocket) {
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      this.messages.push(JSON.parse(data.toString()));
      this.#onMessage.forEach((check) => check());
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    onCleanUp(() => socket.terminate());
  }

  static async open(url: string, options: ClientOptions = {}): Promise<Client> {
    const client = new Client(new WebSocket(url, options));
    await within(DEADLINE_MS, `a WebSocket to ${url}`, once(client.socket, 'open'));
    return client;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The next message that has not been taken yet. */
  async next(deadlineMs = DEADLINE_MS): Promise<unknown> {
    if (this.messages.length === 0) {
      let check: () => void = () => undefined;
      const arrived = new Promise<void>((resolve) => (check = () => resolve()));
      this.#onMessage.add(check);
      await within(deadlineMs, 'a message', arrived).finally(() => this.#onMessage.delete(check));
    }
    return this.messages.shift();
  }

  /** The first message of a kind that has not been taken yet; others stay. */
  async take<T>(isIt: (message: unknown) => message is T, deadlineMs = DEADLINE_MS): Promise<T> {
    let check: () => void = () => undefined;
    const arrived = new Promise<T>((resolve) => {
      check = () => {
        const index = this.messages.findIndex(isIt);
        if (index === -1) return;
        // At once: another such message may be in the same chunk, and is for the next question.
        this.#onMessage.delete(check);
        resolve(this.messages.splice(index, 1)[0] as T);
      };
    });
    this.#onMessage.add(check);
    check();
    // What came before the end can still be taken after it.
    const ended = this.closed.then(({ code, reason }) => {
      throw new Error(`closed with ${code} ${reason}; there was: ${JSON.stringify(this.messages)}`);
    });
    return within(deadlineMs, 'a message', Promise.race([arrived, ended])).finally(() => this.#onMessage.delete(check));
  }

  async ask(event: string, data?: unknown): Promise<unknown> {
    this.send({ event, data });
    return this.next();
  }

  async close(deadlineMs = DEADLINE_MS): Promise<CloseFrame> {
    return within(deadlineMs, 'the end of the WebSocket', this.closed);
  }
}

/** The HTTP status that an upgrade is answered with; 101 when it is let in. */
export async function upgradeStatus(url: string, options: ClientOptions = {}): Promise<number> {
  const socket = new WebSocket(url, options);
  onCleanUp(() => socket.terminate());
  socket.on('error', () => undefined);
  const status = new Promise<number>((resolve, reject) => {
    socket.once('open', () => resolve(101));
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.once('close', () => reject(new Error(`no answer to the upgrade on ${url}`)));
  });
  return within(DEADLINE_MS, `an answer to the upgrade on ${url}`, status).finally(() => socket.terminate());
}

/** A raw connection that has been upgraded to a WebSocket, and answers nothing, close frames included. */
export async function muteWebSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = await rawConnection(Number(port), hostname.replace(/^\[|\]$/g, ''));
  const upgraded = new Promise<void>((resolve) => {
    socket.on('data', (data) => {
      if (data.toString('latin1').startsWith('HTTP/1.1 101')) resolve();
    });
  });
  socket.write(
    `GET / HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  await within(DEADLINE_MS, 'the 101 response', upgraded);
  return socket;
}
