import { once } from 'node:events';
import type { Socket } from 'node:net';

import { Controller, Get } from '@nestjs/common';

import { GatewayHttpServer } from '../../../src/serving/gateway-http.server.js';
import { startControlApp } from '../../kit/control-app.js';
import { within } from '../../kit/deadline.js';
import { Gate } from '../../kit/gate.js';
import { rawConnection } from '../../kit/net.js';
import { Operator } from '../../kit/operator.js';
import { proven } from '../../kit/proven.js';
import { head } from '../../kit/raw-http.js';
import { closed, CROWD, DEADLINE_MS, expectServed, flood, metricsOf } from './flood.js';

describe('http.maxIdleConnections', () => {
  it('closes the oldest silent connections when there is a flood of them', async () => {
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
