import { once } from 'node:events';
import { Socket } from 'node:net';

import { Controller, Get } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';

import { isDismissed } from '../../src/serving/connection-reader.js';
import { WsClient } from '../../src/serving/ws-client.js';
import { GatewayHttpServer } from '../../src/serving/gateway-http.server.js';
import { onCleanUp } from '../kit/cleaner.js';
import { startControlApp, type ListeningControlApp } from '../kit/control-app.js';
import { until, within } from '../kit/deadline.js';
import { encodeFrame, Opcode } from '../kit/frames.js';
import { rawConnection } from '../kit/net.js';
import { ABOUT, Operator } from '../kit/operator.js';
import { proven } from '../kit/proven.js';
import { head, UPGRADE } from '../kit/raw-http.js';
import { RawPeer } from '../kit/raw-peer.js';
import { TOKEN } from '../kit/token.js';

/** What is parsed in one round of the event loop, of all connections that send more than a little; a count may span two. */
const MOST_BYTES = 2 * 64 * 1024;
const MEGABYTE = 1024 * 1024;
const FLOODERS = 8;

/** Counts how often something happens between two turns of the event loop, and keeps the most. */
class Turns {
  most = 0;
  total = 0;
  #inTurn = 0;
  #ticking: NodeJS.Immediate;

  constructor() {
    const tick = (): void => {
      this.#inTurn = 0;
      this.#ticking = setImmediate(tick);
    };
    this.#ticking = setImmediate(tick);
    onCleanUp(() => clearImmediate(this.#ticking));
  }

  count(): void {
    this.total++;
    this.most = Math.max(this.most, ++this.#inTurn);
  }
}

/** The server's end of the next connection. */
async function nextAccepted({ app }: ListeningControlApp): Promise<Socket> {
  const [socket] = (await once(app.get(GatewayHttpServer).http, 'connection')) as [Socket];
  return socket;
}

/** Also of a connection that ends with an error, unlike `once()`. */
function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve));
}

function repeated(frame: Buffer, bytes: number): Buffer {
  return Buffer.alloc(Math.ceil(bytes / frame.length) * frame.length, frame);
}

describe('clients that flood', () => {
  it.each<[what: string, frame: Buffer, method: 'receive' | 'pong' | undefined]>([
    ['bad requests', encodeFrame({ opcode: Opcode.TEXT, payload: '?' }), 'receive'],
    ['pings', encodeFrame({ opcode: Opcode.PING }), 'pong'],
    ['unsolicited pongs', encodeFrame({ opcode: Opcode.PONG }), undefined],
  ])('with %s have no more of them worked on in a turn than are in 128 KiB', async (_what, frame, method) => {
    const gateway = await startControlApp();
    const turns = new Turns();
    const peers = await Promise.all(Array.from({ length: FLOODERS }, () => RawPeer.admitted(gateway.url)));
    if (method === undefined) {
      for (const socket of gateway.adapter.clients) socket.on('pong', () => turns.count());
    } else {
      const original = WsClient.prototype[method] as (...args: unknown[]) => void;
      const spy = jest.spyOn(WsClient.prototype, method).mockImplementation(function (this: WsClient, ...args) {
        turns.count();
        original.apply(this, args);
      });
      onCleanUp(() => spy.mockRestore());
    }

    for (const peer of peers) peer.send(repeated(frame, MEGABYTE));
    const operator = await Operator.open(gateway.url);
    expect(await operator.call('health')).toMatchObject({ ok: true });
    await until(20_000, 'many frames', () => turns.total > 50_000);

    // The turn of a flooder, and what others send meanwhile.
    expect(turns.most).toBeLessThanOrEqual(MOST_BYTES / frame.length + 100);
    proven(`at most ${turns.most} of ${turns.total} frames of ${FLOODERS} flooders in one turn of the event loop`);
  });

  it('with pipelined requests have no more of them parsed in a turn than are in 128 KiB', async () => {
    const gateway = await startControlApp();
    const request = head('GET /healthz HTTP/1.1', `Host: 127.0.0.1:${gateway.port}`);
    const turns = new Turns();
    gateway.app.get(GatewayHttpServer).http.prependListener('request', () => turns.count());
    const sockets = await Promise.all(Array.from({ length: FLOODERS }, () => rawConnection(gateway.port)));

    for (const socket of sockets) socket.resume().write(repeated(Buffer.from(request), MEGABYTE));
    const operator = await Operator.open(gateway.url);
    expect(await operator.call('health')).toMatchObject({ ok: true });
    await until(20_000, 'many requests', () => turns.total > 10_000);

    expect(turns.most).toBeLessThanOrEqual(MOST_BYTES / request.length + 20);
    proven(`at most ${turns.most} of ${turns.total} requests of ${FLOODERS} pipelines in one turn of the event loop`);
  });
});

describe('clients that ask for what takes long', () => {
  const CLIENTS = 4;
  const REQUESTS = 100;
  /** What one read of a connection can hold, before it is known that its requests take long; a count may span two turns. */
  const MOST_AT_FIRST = 2 * 60;
  /** What fits into the time of a round, and a slice of one or two requests that goes beyond it. */
  const MOST_THEN = 2 * (5 + 3);

  let turns: Turns;

  /** Keeps the event loop for a millisecond. */
  function work(): void {
    turns.count();
    const end = performance.now() + 1;
    while (performance.now() < end);
  }

  @WebSocketGateway()
  class SlowGateway {
    @SubscribeMessage('slow')
    slow(): string {
      work();
      return 'done';
    }
  }

  @Controller()
  class SlowController {
    @Get('slow')
    slow(): string {
      work();
      return 'done';
    }
  }

  /** Has few of them worked on in one turn of the event loop, as soon as it is known how long they take. */
  async function expectFewInATurn(url: string): Promise<void> {
    await until(20_000, 'the first requests', () => turns.total > (REQUESTS * CLIENTS) / 2);
    expect(turns.most).toBeLessThanOrEqual(MOST_AT_FIRST);
    turns.most = 0;
    const operator = await Operator.open(url);
    expect(await operator.call('health')).toMatchObject({ ok: true });
    await until(20_000, 'many requests', () => turns.total > REQUESTS * CLIENTS * 0.8);
    expect(turns.most).toBeLessThanOrEqual(MOST_THEN);
    proven(`at most ${turns.most} of ${turns.total} requests of a millisecond each in one turn of the event loop`);
  }

  it('over WebSockets are answered a few at a time', async () => {
    const gateway = await startControlApp({ providers: [SlowGateway] });
    turns = new Turns();
    const peers = await Promise.all(Array.from({ length: CLIENTS }, () => RawPeer.admitted(gateway.url)));
    const request = encodeFrame({ opcode: Opcode.TEXT, payload: '{"type":"req","id":"1","method":"slow"}' });

    for (const peer of peers) peer.send(repeated(request, REQUESTS * request.length));

    await expectFewInATurn(gateway.url);
  });

  it('over HTTP are answered a few at a time', async () => {
    const gateway = await startControlApp({ controllers: [SlowController], http: new ExpressAdapter() });
    turns = new Turns();
    const request = Buffer.from(head('GET /slow HTTP/1.1', `Host: 127.0.0.1:${gateway.port}`));
    const sockets = await Promise.all(Array.from({ length: CLIENTS }, () => rawConnection(gateway.port)));

    for (const socket of sockets) socket.resume().write(repeated(request, REQUESTS * request.length));

    await expectFewInATurn(gateway.url);
  });
});

describe('a connection that is read in turns', () => {
  it('loses no byte when it sends many frames together with its upgrade', async () => {
    const gateway = await startControlApp();
    const socket = await rawConnection(gateway.port);
    const connect = { type: 'req', id: 'c', method: 'connect', params: { ...ABOUT, auth: { token: TOKEN } } };
    const requests = Array.from({ length: 200 }, (_, index) => ({ type: 'req', id: `r${index}`, method: 'health' }));
    const frames = [connect, ...requests].map((request) =>
      encodeFrame({ opcode: Opcode.TEXT, payload: JSON.stringify(request) }),
    );
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));

    socket.write(
      Buffer.concat([
        Buffer.from(head('GET / HTTP/1.1', `Host: 127.0.0.1:${gateway.port}`, ...UPGRADE)),
        ...frames,
        encodeFrame({ opcode: Opcode.PING, payload: 'the end' }),
      ]),
    );

    await until(10_000, 'the pong', () => received.includes('the end'));
    await until(10_000, 'all answers', () => requests.every(({ id }) => received.includes(`"id":"${id}","ok":true`)));
  });

  it('answers pipelined requests in order and completely', async () => {
    const gateway = await startControlApp();
    const socket = await rawConnection(gateway.port);
    const requests = Array.from({ length: 1_000 }, (_, index) =>
      head(`GET /${index % 2 === 0 ? 'healthz' : 'nothing'} HTTP/1.1`, `Host: 127.0.0.1:${gateway.port}`),
    );
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
    socket.write(requests.join('').replace(/\r\n$/, 'Connection: close\r\n\r\n'));

    await within(20_000, 'the end of the connection', closed(socket));

    const statuses = [...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toEqual(requests.map((_, index) => (index % 2 === 0 ? '200' : '404')));
  });

  it('takes a message of the longest kind', async () => {
    const gateway = await startControlApp();
    const operator = await Operator.open(gateway.url);
    const answer = await operator.call('health', { padding: 'x'.repeat(MEGABYTE - 100) });
    expect(answer).toMatchObject({ ok: true });
  });
});

describe('after a refusal', () => {
  const BYTES = 32 * MEGABYTE;

  /** Sends on and on, without waiting for the other side, and gives what comes back. */
  async function sendOn(socket: Socket, bytes: Buffer): Promise<string> {
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
    socket.write(bytes);
    await within(20_000, 'the end of the connection', closed(socket));
    return received;
  }

  it('nothing more is read of a client that goes on sending, and it gets its close frame', async () => {
    const gateway = await startControlApp();
    const accepted = nextAccepted(gateway);
    const peer = await RawPeer.open(gateway.url);
    const server = await accepted;
    const frame = encodeFrame({ opcode: Opcode.TEXT, payload: '{}' });

    peer.send(repeated(frame, BYTES));

    expect(await peer.closeCode()).toBe(1008);
    await within(20_000, 'the end of the connection', peer.gone);
    expect(server.bytesRead).toBeLessThan(MEGABYTE);
    proven(`${server.bytesRead} bytes read of a client that was refused and sent ${BYTES}`);
  });

  it('nothing more is read of a client that broke RFC 6455', async () => {
    const gateway = await startControlApp();
    const accepted = nextAccepted(gateway);
    const peer = await RawPeer.open(gateway.url);
    const server = await accepted;

    peer.send(repeated(encodeFrame({ opcode: 3 }), BYTES));

    expect(await peer.closeCode()).toBe(1002);
    await within(20_000, 'the end of the connection', peer.gone);
    expect(server.bytesRead).toBeLessThan(MEGABYTE);
  });

  it.each<[what: string, lines: readonly string[]]>([
    ['a request', ['GET / HTTP/1.1', 'Host: evil.example']],
    ['an upgrade', ['GET / HTTP/1.1', 'Host: evil.example', ...UPGRADE]],
    ['a request that is none', ['nonsense']],
  ])('nothing more is read after %s, and the client gets all of the answer', async (_what, [line = '', ...headers]) => {
    const gateway = await startControlApp();
    const accepted = nextAccepted(gateway);
    const socket = await rawConnection(gateway.port);
    const server = await accepted;
    const request = Buffer.from(head(line, ...headers));

    const answer = await sendOn(socket, Buffer.concat([request, repeated(request, BYTES)]));

    expect(answer).toMatch(/^HTTP\/1\.1 40[03] [^]*\r\n\r\n$/);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(server.bytesRead).toBeLessThan(MEGABYTE);
  });

  it('a client that closes its side is let go at once', async () => {
    const gateway = await startControlApp();
    const accepted = nextAccepted(gateway);
    const socket = await rawConnection(gateway.port);
    const server = await accepted;
    const gone = closed(server);
    socket.once('data', () => socket.end());
    socket.write(head('GET / HTTP/1.1', 'Host: evil.example'));
    await within(5_000, 'the end of the connection', gone);
    expect(server.errored).toBeNull();
  });

  it('a connection that is not read in turns is not taken for one that was dismissed', () => {
    expect(isDismissed(new Socket())).toBe(false);
  });
});
