import { once } from 'node:events';
import type { Socket } from 'node:net';

import { Controller, Get } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { WebSocket } from 'ws';

import { GatewayClients } from '../../../src/index.js';
import { GatewayHttpServer } from '../../../src/serving/gateway-http.server.js';
import { startControlApp, type ListeningControlApp } from '../../kit/control-app.js';
import { within } from '../../kit/deadline.js';
import { Gate } from '../../kit/gate.js';
import { Client, muteWebSocket, rawConnection, upgradeStatus } from '../../kit/net.js';
import { Operator } from '../../kit/operator.js';
import { proven } from '../../kit/proven.js';
import { exchange, head, statusOf } from '../../kit/raw-http.js';
import { TOKEN } from '../../kit/token.js';

const DEADLINE_MS = 20_000;
/** So many times the limit may come at once. */
const CROWD = 16;

function closed(socket: Socket): Promise<unknown> {
  socket.resume();
  return within(DEADLINE_MS, 'the end of a connection', socket.closed ? Promise.resolve([]) : once(socket, 'close'));
}

async function flood({ port }: ListeningControlApp, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) sockets.push(await rawConnection(port));
  return sockets;
}

async function expectServed({ port, url }: ListeningControlApp): Promise<void> {
  const probe = await exchange(port, head('GET /healthz HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Connection: close'));
  expect(statusOf(probe)).toBe(200);
  const operator = await Operator.open(url);
  expect(await operator.call('health')).toMatchObject({ ok: true });
  operator.client.socket.close();
  await operator.close();
}

async function metricsOf({ port }: ListeningControlApp): Promise<string> {
  const headers = [`Host: 127.0.0.1:${port}`, `Authorization: Bearer ${TOKEN}`, 'Connection: close'];
  return exchange(port, head('GET /metrics HTTP/1.1', ...headers));
}

describe('http.maxIdleConnections', () => {
  it('closes of a flood of silent connections those that were there for longest', async () => {
    const gateway = await startControlApp({ lock: { http: { maxIdleConnections: 2 } } });
    const silent = await flood(gateway, 2 * CROWD + 20);

    await Promise.all(silent.slice(0, 20).map(closed));

    await expectServed(gateway);
    expect(await metricsOf(gateway)).toMatch(/^gateway_refused_total\{reason="too many idle connections"\} [1-9]/m);
    proven(`${silent.length} silent connections where 2 may be: the oldest were closed, and others were served`);
  });

  it('counts neither WebSockets nor requests that are being answered', async () => {
    const gateway = await startControlApp({ lock: { http: { maxIdleConnections: 2 } } });
    const operator = await Operator.open(gateway.url);
    const watching = await rawConnection(gateway.port);
    watching.write(head('GET /.well-known/gateway/watch HTTP/1.1', `Host: 127.0.0.1:${gateway.port}`));
    await once(watching, 'data');

    const silent = await flood(gateway, 2 * CROWD + 8);
    await Promise.all(silent.slice(0, 8).map(closed));

    expect(watching.closed).toBe(false);
    expect(await operator.call('health')).toMatchObject({ ok: true });
  });

  it('leaves alone one of whose requests only the first has been answered', async () => {
    const gateway = await startControlApp({ lock: { http: { maxIdleConnections: 1 } } });
    const host = `Host: 127.0.0.1:${gateway.port}`;
    const watching = await rawConnection(gateway.port);
    const answered = once(watching, 'data');
    watching.write(head('GET /healthz HTTP/1.1', host) + head('GET /.well-known/gateway/watch HTTP/1.1', host));
    await answered;

    const silent = await flood(gateway, CROWD + 3);
    await Promise.all(silent.slice(0, 3).map(closed));

    expect(watching.closed).toBe(false);
  });

  it('counts a connection again when its request has been answered', async () => {
    const gateway = await startControlApp({ lock: { http: { maxIdleConnections: 1 } } });
    const used = await rawConnection(gateway.port);
    const answered = once(used, 'data');
    used.write(head('GET /healthz HTTP/1.1', `Host: 127.0.0.1:${gateway.port}`));
    await answered;

    await flood(gateway, CROWD);
    await closed(used);

    await expectServed(gateway);
  });
});

describe('http.headersTimeoutMs and http.requestTimeoutMs', () => {
  const lock = { http: { headersTimeoutMs: 200, requestTimeoutMs: 200 } };
  const unfinished = (port: number): [what: string, text: string][] => [
    ['silent', ''],
    ['half a request line', 'GET /hea'],
    ['half a head', `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`],
    ['half an upgrade', `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`],
  ];

  it('close a silent connection, and one that sends half a request', async () => {
    const gateway = await startControlApp({ lock });
    const texts = unfinished(gateway.port).map(([, text]) => text);
    const sockets = await Promise.all(texts.map(() => rawConnection(gateway.port)));
    sockets.forEach((socket, index) => socket.write(texts[index] ?? ''));
    await expectServed(gateway);

    await Promise.all(sockets.map(closed));

    await expectServed(gateway);
  });

  it('close a connection that sends a head byte by byte, without end', async () => {
    const gateway = await startControlApp({ lock });
    const slow = await rawConnection(gateway.port);
    slow.write('GET /healthz HTTP/1.1\r\n');
    const dripping = setInterval(() => slow.write('X-Drop: 1\r\n'), 20);
    try {
      await closed(slow);
    } finally {
      clearInterval(dripping);
    }
    await expectServed(gateway);
  });

  it('close a connection that sends a body byte by byte, without end', async () => {
    const gateway = await startControlApp({ lock });
    const slow = await rawConnection(gateway.port);
    slow.write(head('POST /nowhere HTTP/1.1', `Host: 127.0.0.1:${gateway.port}`, 'Content-Length: 1000000'));
    const dripping = setInterval(() => slow.write('x'), 20);
    try {
      await closed(slow);
    } finally {
      clearInterval(dripping);
    }
    await expectServed(gateway);
  });

  it('delay no shutdown, however long they are', async () => {
    const gateway = await startControlApp({ lock: { http: { headersTimeoutMs: 600_000, requestTimeoutMs: 600_000 } } });
    const texts = [
      ...unfinished(gateway.port).map(([, text]) => text),
      head('POST /healthz HTTP/1.1', `Host: 127.0.0.1:${gateway.port}`, 'Content-Length: 1000000') + 'half',
    ];
    const sockets = await Promise.all(texts.map(() => rawConnection(gateway.port)));
    sockets.forEach((socket, index) => socket.write(texts[index] ?? ''));
    await expectServed(gateway);
    const over = Promise.all(sockets.map(closed));

    await within(5_000, 'the end of the shutdown', gateway.app.close());

    await over;
  });
});

describe('http.stalledTimeoutMs', () => {
  const BYTES = 32 * 1024 * 1024;
  const PAUSE_BYTES = BYTES / 8;

  it('closes a connection that does not read its answer, but none that waits for one or reads slowly', async () => {
    const gate = new Gate();
    @Controller()
    class Answers {
      @Get('long')
      long(): string {
        return 'x'.repeat(BYTES);
      }

      @Get('late')
      async late(): Promise<string> {
        await gate.opened;
        return 'late';
      }
    }
    const gateway = await startControlApp({ controllers: [Answers], lock: { http: { stalledTimeoutMs: 1_500 } } });
    const { http } = gateway.app.get(GatewayHttpServer);
    const ask = async (path: string): Promise<[client: Socket, server: Socket]> => {
      const accepted = once(http, 'connection') as Promise<[Socket]>;
      const client = await rawConnection(gateway.port);
      client.write(head(`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${gateway.port}`, 'Connection: close'));
      return [client, (await accepted)[0]];
    };
    const [late] = await ask('/late');
    const [slow] = await ask('/long');
    const ended = once(slow, 'close');
    let read = 0;
    slow.on('data', ({ length }: Buffer) => {
      const pauses = Math.floor(read / PAUSE_BYTES);
      read += length;
      if (Math.floor(read / PAUSE_BYTES) === pauses) return;
      slow.pause();
      setTimeout(() => slow.resume(), 300);
    });
    // It goes between the two looks at it.
    http.once('request', (_request, response) => response.once('timeout', () => gone.destroy()));
    const [gone] = await ask('/long');
    gone.pause();
    const [stuck, inside] = await ask('/long');
    stuck.pause();

    await within(DEADLINE_MS, 'the end of a connection', once(inside, 'close'));

    await expectServed(gateway);
    await within(DEADLINE_MS, 'the end of a slow answer', ended);
    expect(read).toBeGreaterThan(BYTES);
    gate.open();
    expect(String(await within(DEADLINE_MS, 'a late answer', once(late, 'data')))).toMatch(/^HTTP\/1\.1 200 /);
  });

  describe('when the process is busy', () => {
    @Controller()
    class Answers {
      @Get('long')
      long(): string {
        return 'x'.repeat(BYTES);
      }
    }
    const ask = head('GET /long HTTP/1.1', 'Host: localhost', 'Connection: close');
    const lock = { http: { stalledTimeoutMs: 200 }, callers: { hosts: ['localhost:80'] } };
    const beBusy = (ms: number): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

    it('closes no connection that reads, when nothing could be sent', async () => {
      const { port } = await startControlApp({ controllers: [Answers], lock });
      const client = await rawConnection(port);
      const ended = once(client, 'close');
      let read = 0;
      client.on('data', ({ length }: Buffer) => {
        if (read === 0) beBusy(1_000);
        read += length;
      });

      client.write(ask);

      await within(DEADLINE_MS, 'the end of the answer', ended);
      expect(read).toBeGreaterThan(BYTES);
    });

    it('closes none before a look that came in time', async () => {
      const { app, port } = await startControlApp({ controllers: [Answers], lock });
      const client = (await rawConnection(port)).pause();
      const ended = once(client, 'close');
      let read = 0;
      app.get(GatewayHttpServer).http.once('request', (_request, response) =>
        response.once('timeout', () => {
          // The client reads as soon as this process lets it, which is too late for the first look.
          setImmediate(() => client.on('data', ({ length }: Buffer) => (read += length)).resume());
          beBusy(1_000);
        }),
      );

      client.write(ask);

      await within(DEADLINE_MS, 'the end of the answer', ended);
      expect(read).toBeGreaterThan(BYTES);
    });
  });
});

describe('ws.maxConnections', () => {
  it('answers 503 to one more, and admits clients again when one has gone', async () => {
    const gateway = await startControlApp({ lock: { ws: { maxConnections: 2 } } });
    const [first, second] = [await Operator.open(gateway.url), await Operator.open(gateway.url)];

    expect(await upgradeStatus(gateway.url)).toBe(503);
    expect(await upgradeStatus(`${gateway.url}/elsewhere`)).toBe(503);
    expect(await second.call('health')).toMatchObject({ ok: true });
    expect(await metricsOf(gateway)).toContain('gateway_refused_total{reason="too many connections"} 2');

    first.client.socket.close();
    await first.close();
    expect(await upgradeStatus(gateway.url)).toBe(101);
  });
});

describe('clients.maxHandshakes', () => {
  it('closes of a flood that never asks to be let in those that were there for longest', async () => {
    const gateway = await startControlApp({ lock: { clients: { maxHandshakes: 2 } } });
    const before = await Operator.open(gateway.url);
    const silent: Client[] = [];
    for (let count = 0; count < 2 * CROWD + 10; count++) silent.push(await Client.open(gateway.url));

    const ends = await Promise.all(silent.slice(0, 10).map((client) => client.close()));

    expect(new Set(ends.map(({ code, reason }) => `${code} ${reason}`))).toEqual(new Set(['1013 too many handshakes']));
    expect(await before.call('health')).toMatchObject({ ok: true });
    await expectServed(gateway);
  });

  it('does not count an admitted client', async () => {
    const gateway = await startControlApp({ lock: { clients: { maxHandshakes: 1 } } });
    const operators: Operator[] = [];
    for (let count = 0; count < CROWD + 2; count++) operators.push(await Operator.open(gateway.url));
    for (const operator of operators) expect(await operator.call('health')).toMatchObject({ ok: true });
  });
});

describe('clients.handshakeTimeoutMs', () => {
  it('closes a client that sends no connect request', async () => {
    const gateway = await startControlApp({ lock: { clients: { handshakeTimeoutMs: 100 } } });
    const silent = await Client.open(gateway.url);
    expect(await silent.close()).toEqual({ code: 1008, reason: 'handshake timeout' });
    await expectServed(gateway);
  });
});

describe('clients.maxRequests', () => {
  it('refuses a client one more at once, and takes it when another has ended', async () => {
    const gate = new Gate();
    @WebSocketGateway()
    class Slow {
      @SubscribeMessage('wait')
      async wait(): Promise<string> {
        await gate.opened;
        return 'done';
      }
    }
    const gateway = await startControlApp({ providers: [Slow], lock: { clients: { maxRequests: 3 } } });
    const [greedy, modest] = [await Operator.open(gateway.url), await Operator.open(gateway.url)];
    const waiting = [greedy.call('wait'), greedy.call('wait'), greedy.call('wait')];

    const refused = await greedy.call('health');

    expect(refused).toMatchObject({ ok: false, error: { code: 'UNAVAILABLE', retryable: true } });
    expect(await modest.call('health')).toMatchObject({ ok: true });
    gate.open();
    for (const answer of await Promise.all(waiting)) expect(answer).toMatchObject({ ok: true, payload: 'done' });
    expect(await greedy.call('health')).toMatchObject({ ok: true });
  });
});

describe('ws.maxPayloadBytes', () => {
  it('closes with 1009 a client whose message is longer, and serves the others', async () => {
    const gateway = await startControlApp({ lock: { ws: { maxPayloadBytes: 1_000 } } });
    const [greedy, modest] = [await Operator.open(gateway.url), await Operator.open(gateway.url)];
    greedy.client.send('x'.repeat(1_001));
    expect((await greedy.close()).code).toBe(1009);
    expect(await modest.call('health')).toMatchObject({ ok: true });
  });

  it('holds for a message in many parts too', async () => {
    const gateway = await startControlApp({ lock: { ws: { maxPayloadBytes: 1_000 } } });
    const greedy = await Operator.open(gateway.url);
    const { socket } = greedy.client;
    for (let part = 0; part < 3; part++) socket.send('x'.repeat(400), { fin: false });
    expect((await greedy.close()).code).toBe(1009);
    await expectServed(gateway);
  });
});

describe('ws.maxBufferedBytes', () => {
  it('closes with 1013 a client that does not read, while others get all of it', async () => {
    const gateway = await startControlApp({ lock: { ws: { maxBufferedBytes: 100_000 } } });
    const clients = gateway.app.get(GatewayClients);
    const [stuck, reader] = [await Operator.open(gateway.url), await Operator.open(gateway.url)];
    stuck.client.socket.pause();
    const text = 'x'.repeat(100_000);
    const [inside] = clients;
    if (!inside) throw new Error('nobody is in');

    let sent = 0;
    while (inside.socket.readyState === inside.socket.OPEN) {
      clients.send('news', { number: sent++, text });
      expect((await reader.event('news')).payload).toEqual({ number: sent - 1, text });
    }

    stuck.client.socket.resume();
    expect(await stuck.close()).toEqual({ code: 1013, reason: 'reads too slowly' });
    expect(await reader.call('health')).toMatchObject({ ok: true });
    expect(await metricsOf(gateway)).toContain('gateway_dropped_clients_total{reason="slow"} 1');
  });
});

describe('a flood of pings', () => {
  const PINGS = 200_000;

  it('from a client that does not read leaves nothing behind, and the last of them is answered', async () => {
    const gateway = await startControlApp();
    const [stuck, reader] = [await Operator.open(gateway.url), await Operator.open(gateway.url)];
    const [inside] = gateway.app.get(GatewayClients);
    if (!inside) throw new Error('nobody is in');
    let heard = 0;
    const all = new Promise<void>((resolve) => inside.socket.on('ping', () => ++heard === PINGS && resolve()));
    const { socket } = stuck.client;
    socket.pause();

    for (let count = 1; count <= PINGS; count++) {
      socket.ping(String(count).padStart(125));
      if (count % 1_000 === 0) expect(await reader.call('health')).toMatchObject({ ok: true });
    }
    await within(DEADLINE_MS, 'the last ping', all);

    expect(inside.socket.bufferedAmount).toBeLessThan(100_000);
    const answered = new Promise<void>((resolve) => {
      socket.on('pong', (data) => data.toString().trim() === String(PINGS) && resolve());
    });
    socket.resume();
    await within(DEADLINE_MS, 'the answer to the last ping', answered);
    proven(`${PINGS} pings from a client that did not read: it cost no memory, and the last was answered`);
    // Far more than the time of one test, where both cores are busy.
  }, 120_000);
});

describe('ws.pingIntervalMs', () => {
  it('cuts off a client that gives no sign of life, and none that answers pings', async () => {
    const gateway = await startControlApp({ lock: { ws: { pingIntervalMs: 50 } } });
    const living = await Operator.open(gateway.url);
    const mute = await muteWebSocket(gateway.url);

    await closed(mute);

    expect(await living.call('health')).toMatchObject({ ok: true });
    expect(await metricsOf(gateway)).toContain('gateway_dropped_clients_total{reason="dead"} 1');
  });
});

describe('compression', () => {
  it('is not agreed on, so that no small message becomes a large one', async () => {
    @WebSocketGateway()
    class Echo {
      @SubscribeMessage('echo')
      echo(@MessageBody() data: unknown): unknown {
        return data;
      }
    }
    const gateway = await startControlApp({ providers: [Echo] });
    const operator = await Operator.open(gateway.url, { perMessageDeflate: true });
    const socket: WebSocket = operator.client.socket;
    expect(socket.extensions).toBe('');
    expect(await operator.call('echo', { text: 'x'.repeat(1_000) })).toMatchObject({ ok: true });
  });
});
