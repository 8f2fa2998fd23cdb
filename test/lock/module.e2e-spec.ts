import { once } from 'node:events';

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';

import { ProbeHttpAdapter } from '../../src/serving/probe-http.adapter.js';
import { claimListener, GatewayLockError, GatewayLockModule, GatewayLockService } from '../../src/index.js';
import { identityDefaults } from '../../src/options/holder.options.js';
import { createApp, httpUrl, startApp } from '../kit/app.js';
import { onCleanUp } from '../kit/cleaner.js';
import { EchoGateway, HelloController } from '../kit/controllers.js';
import { within } from '../kit/deadline.js';
import { Gate } from '../kit/gate.js';
import { hookModule } from '../kit/hooks.js';
import { Client, portOf, rawConnection, stranger } from '../kit/net.js';
import { freePort, isFree } from '../kit/ports.js';

describe('GatewayLockModule', () => {
  it('holds 127.0.0.1 and ::1 on one port and serves WebSocket and HTTP on both', async () => {
    const { lock } = await startApp({ providers: [EchoGateway], controllers: [HelloController] });

    expect(lock.addresses.map(({ host }) => host)).toEqual(['127.0.0.1', '::1']);
    expect(new Set(lock.addresses.map(({ port }) => port)).size).toBe(1);
    expect(lock.url).toBe(lock.addresses[0]?.url);
    for (const { url } of lock.addresses) {
      expect(await (await Client.open(url)).ask('echo', url)).toEqual({ event: 'echo', data: url });
      expect(await (await fetch(httpUrl(url, '/hello'))).text()).toBe('hello');
    }
  });

  it('rejects init() with the GatewayLockError itself when a gateway holds the port', async () => {
    const first = await startApp();
    const port = Number(new URL(first.lock.url).port);
    const second = await createApp({ lock: { port } });

    const refusal = await second.app.init().catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(GatewayLockError);
    expect(refusal).toMatchObject({
      name: 'GatewayLockError',
      code: 'GATEWAY_ALREADY_LISTENING',
      message: `another gateway instance is already listening on ws://127.0.0.1:${port}`,
      url: `ws://127.0.0.1:${port}`,
      cause: { code: 'EADDRINUSE' },
    });
  });

  it('rejects init() in the same words when a stranger holds the port', async () => {
    const port = portOf(await stranger());

    const { app } = await createApp({ lock: { port } });

    await expect(app.init()).rejects.toThrow(`another gateway instance is already listening on ws://127.0.0.1:${port}`);
  });

  it('rejects init() when the port cannot be bound for another reason', async () => {
    const { app } = await createApp({ lock: { host: '192.0.2.1', port: 0 } });

    const failure = (await app.init().catch((error: unknown) => error)) as GatewayLockError;

    expect(failure.code).toBe('GATEWAY_BIND_FAILED');
    expect(failure.message).toMatch(
      /^failed to bind gateway socket on (ws:\/\/192\.0\.2\.1:\d+): listen EADDRNOTAVAIL/,
    );
    expect(failure.message).toContain(failure.url);
  });

  it('is configured by forRootAsync as well', async () => {
    const testing = await Test.createTestingModule({
      imports: [GatewayLockModule.forRootAsync({ useFactory: () => Promise.resolve({ port: 0, host: '127.0.0.1' }) })],
    }).compile();
    const app = testing.createNestApplication({ logger: false });
    onCleanUp(() => app.close());

    await app.init();

    expect(app.get(GatewayLockService).addresses.map(({ host }) => host)).toEqual(['127.0.0.1']);
  });

  it('runs two apps in one process on two ports', async () => {
    const providers = [EchoGateway];
    const [one, two] = await Promise.all([startApp({ providers }), startApp({ providers })]);
    expect(one.lock.url).not.toBe(two.lock.url);

    await one.app.close();

    expect(await (await Client.open(two.lock.url)).ask('echo', 2)).toEqual({ event: 'echo', data: 2 });
  });

  it('is refused twice in one app', async () => {
    const testing = Test.createTestingModule({
      imports: [GatewayLockModule.forRoot({ port: 0 }), GatewayLockModule.forRoot({ port: 1 })],
    });

    await expect(testing.compile()).rejects.toThrow('GatewayLockModule is imported more than once');
  });

  it('refuses to start when another WebSocket adapter was put in its place', async () => {
    const { app } = await createApp();
    app.useWebSocketAdapter(new WsAdapter(app));

    await expect(app.init()).rejects.toThrow('remove the call of useWebSocketAdapter()');
  });

  it('says that the address is not known before the lock is taken', async () => {
    const { lock } = await createApp();

    expect(() => lock.url).toThrow('the gateway lock is not held yet');
    expect(() => lock.addresses).toThrow('the gateway lock is not held yet');
  });
});

describe('the card', () => {
  it('is answered in every phase, to GET alone', async () => {
    const { lock } = await startApp({
      lock: { identity: { name: 'acme', profile: 'rescue', version: '9.9.9', command: 'acmectl' } },
    });
    const url = httpUrl(lock.url, '/.well-known/gateway');

    const card = await fetch(url);
    const post = await fetch(url, { method: 'POST' });

    expect(await card.json()).toEqual({
      service: 'openclaw-gateway',
      pid: process.pid,
      name: 'acme',
      profile: 'rescue',
      version: '9.9.9',
      phase: 'ready',
      startedAt: expect.any(Number) as number,
      url: lock.url,
      addresses: lock.addresses.map(({ url }) => url),
      instanceId: expect.any(String) as string,
    });
    expect(card.headers.get('cache-control')).toBe('no-store');
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET']);
  });

  it.each([{ profile: '' }, { profile: 'x'.repeat(129) }, { version: 'two\nlines' }, { name: '' }])(
    'has no room for the identity %j',
    async (identity) => {
      const shown = JSON.stringify({ ...identityDefaults(), ...identity });
      await expect(createApp({ lock: { identity } })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        message: `identity ${shown} does not fit on a holder card: give a profile of 1 to 128 printable characters, and a name and a version of 1 to 64`,
      });
    },
  );

  it('is on the error of a refused start, unless the app does not want to ask', async () => {
    const { lock } = await startApp();
    const port = Number(new URL(lock.url).port);
    const asking = await createApp({ lock: { port } });
    const quiet = await createApp({ lock: { port, acquire: { identify: false } } });

    const refusals = await Promise.all(
      [asking, quiet].map(({ app }) => app.init().catch((error: unknown) => error as GatewayLockError)),
    );

    expect(refusals[0]).toMatchObject({ holder: { verdict: 'ready', card: { pid: process.pid } } });
    expect((refusals[1] as GatewayLockError).holder).toBeUndefined();
  });

  it('forgets a watch whose connection is gone, and what had queued behind it', async () => {
    const { app, lock } = await startApp({ lock: { shutdownGraceMs: 60_000 } });
    const port = Number(new URL(lock.url).port);
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
    const greedy = await rawConnection(port);
    greedy.write(get('/.well-known/gateway/watch').repeat(64) + get('/healthz'));
    await once(greedy, 'data');
    const gone = once(greedy, 'close');
    greedy.destroy();
    await gone;

    const abort = new AbortController();
    const watch = await fetch(httpUrl(lock.url, '/.well-known/gateway/watch'), { signal: abort.signal });

    expect(watch.status).toBe(200);
    abort.abort();
    await within(10_000, 'the close', app.close());
  });

  it('lets itself be watched by 64, and no more', async () => {
    const { lock } = await startApp();
    const watch = httpUrl(lock.url, '/.well-known/gateway/watch');
    const abort = new AbortController();
    onCleanUp(() => abort.abort());

    const answers = await Promise.all(Array.from({ length: 65 }, () => fetch(watch, { signal: abort.signal })));

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(64);
    expect(answers.filter(({ status }) => status === 503)).toHaveLength(1);
  });
});

describe('a listener that was claimed before the app was made', () => {
  it('is adopted, and a client that connected in between is answered', async () => {
    const listener = await claimListener({ port: 0 });
    const early = listener.addresses.map(({ url }) => fetch(httpUrl(url, '/healthz')));

    const { lock } = await startApp({ lock: { listener }, controllers: [HelloController] });

    expect(lock.addresses).toEqual(listener.addresses);
    for (const answer of await Promise.all(early)) expect(await answer.text()).toBe('alive');
  });

  it('is closed with the app when the start never came as far as the lock', async () => {
    const listener = await claimListener({ port: 0 });
    const { app } = await createApp({ lock: { listener } });

    await app.close();

    expect(await isFree(listener.port)).toBe(true);
  });

  it('cannot be served once it is closed', async () => {
    const listener = await claimListener({ port: 0 });
    listener.close();

    const { app } = await createApp({ lock: { listener } });

    await expect(app.init()).rejects.toThrow(`the listener on ${listener.url} is closed and cannot be adopted`);
  });
});

describe('an HTTP request', () => {
  async function answerTo(port: number, request: string): Promise<string> {
    const socket = await rawConnection(port);
    let answer = '';
    socket.on('data', (data) => (answer += data.toString()));
    socket.write(request);
    await within(5_000, 'the end of the answer', once(socket, 'end'));
    return answer;
  }

  it('is answered though it offers another protocol', async () => {
    const { lock } = await startApp({ controllers: [HelloController] });
    const upgrade = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n';

    const { host, port } = new URL(lock.url);
    const answer = await answerTo(Number(port), `GET /hello HTTP/1.1\r\nHost: ${host}\r\n${upgrade}\r\n`);

    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n.*hello/);
  });

  it('is answered though it names the whole address', async () => {
    const { lock } = await startApp({ http: new ProbeHttpAdapter(), controllers: [HelloController] });
    const url = httpUrl(lock.url, '/hello');

    const { host, port } = new URL(lock.url);
    const answer = await answerTo(Number(port), `GET ${url} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*hello/);
  });
});

describe('the lock behind', () => {
  it('Fastify: HTTP and WebSocket answer, and HTTP already while other modules start', async () => {
    const started = new Gate();
    const entered = new Gate();
    const slow = hookModule({
      onApplicationBootstrap: () => {
        entered.open();
        return started.opened;
      },
    });
    const { app, lock } = await createApp({
      http: new FastifyAdapter(),
      imports: [slow],
      providers: [EchoGateway],
      controllers: [HelloController],
    });
    const init = app.init();
    await entered.opened;
    expect(await (await fetch(httpUrl(lock.url, '/healthz'))).text()).toBe('alive');
    started.open();
    await init;

    expect(await (await fetch(httpUrl(lock.url, '/hello'))).text()).toBe('hello');
    expect(await (await Client.open(lock.url)).ask('echo', 1)).toEqual({ event: 'echo', data: 1 });
  });

  it('the HTTP side of our own gateway: exact GET routes, HEAD, 404 and 405', async () => {
    const { lock } = await startApp({ http: new ProbeHttpAdapter(), controllers: [HelloController] });
    const hello = httpUrl(lock.url, '/hello');

    expect(await (await fetch(`${hello}?x=1`)).text()).toBe('hello');
    expect((await fetch(hello, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(`${hello}/more`)).status).toBe(404);
    const post = await fetch(hello, { method: 'POST' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('no HTTP side is not taken: an application context serves nothing', async () => {
    const port = await freePort();
    @Module({ imports: [GatewayLockModule.forRoot({ port })] })
    class BareModule {}

    await expect(
      NestFactory.createApplicationContext(BareModule, { logger: false, abortOnError: false }),
    ).rejects.toThrow(
      'this app has no HTTP side, so the gateway lock is not taken for it: make it with NestFactory.create(), or leave GatewayLockModule out of an application context',
    );

    expect(await isFree(port)).toBe(true);
  });
});
