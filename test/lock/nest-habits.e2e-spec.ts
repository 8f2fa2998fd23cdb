import type { Server } from 'node:http';

import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import request from 'supertest';

import { claimListener } from '../../src/index.js';
import { ProbeHttpAdapter } from '../../src/serving/probe-http.adapter.js';
import { createApp, httpUrl, startApp } from '../kit/app.js';
import { onCleanUp } from '../kit/cleaner.js';
import { HelloController } from '../kit/controllers.js';
import { portOf, stranger } from '../kit/net.js';
import { freePort, isFree } from '../kit/ports.js';

const ADAPTERS: [string, () => AbstractHttpAdapter][] = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
  ['our own HTTP side', () => new ProbeHttpAdapter()],
];

describe.each(ADAPTERS)('with %s', (_name, http) => {
  it('supertest asks the lock, twice', async () => {
    const { app } = await startApp({ http: http(), controllers: [HelloController] });
    const server = app.getHttpServer() as Server;

    for (let round = 0; round < 2; round++) {
      const answer = await request(server).get('/hello');
      expect([answer.status, answer.text]).toEqual([200, 'hello']);
    }
  });

  it('the HTTP server of the app says what the lock does, and closes nothing of it', async () => {
    const { app, lock } = await startApp({ http: http(), controllers: [HelloController] });
    const server = app.getHttpServer() as Server;
    const port = Number(new URL(lock.url).port);
    expect(server.listening).toBe(true);
    expect(server.address()).toEqual({ address: '127.0.0.1', family: 'IPv4', port });

    await new Promise((resolve) => server.close(resolve));

    expect(await (await fetch(httpUrl(lock.url, '/hello'))).text()).toBe('hello');
    await app.close();
    expect(server.listening).toBe(false);
    // A tool that starts a server without an address opens nothing either.
    await new Promise<void>((resolve) => server.listen(0, resolve));
    expect(server.address()).toBeNull();
  });

  it('app.listen() starts the app on the lock, and getUrl() says where', async () => {
    const { app, lock } = await createApp({ http: http(), controllers: [HelloController] });

    const server: unknown = await app.listen(0);

    expect(server).toBe(app.getHttpServer());
    expect(await app.getUrl()).toBe(httpUrl(lock.url, ''));
    expect(await (await fetch(`${await app.getUrl()}/hello`)).text()).toBe('hello');
  });

  it('app.listen() with another port is refused before anything is bound', async () => {
    const [port, other] = [await freePort(), await freePort()];
    const { app, lock } = await createApp({ http: http(), lock: { port } });

    await expect(app.listen(other)).rejects.toThrow(
      `app.listen(${other}) would open a port that the gateway lock does not guard: give port and host to GatewayLockModule.forRoot(), and call app.listen() without them`,
    );

    expect(() => lock.url).toThrow('the gateway lock is not held yet');
    expect([await isFree(port), await isFree(other)]).toEqual([true, true]);
  });
});

describe('app.listen()', () => {
  it.each<[string, (port: number) => unknown[]]>([
    ['nothing', () => []],
    ['the port', (port) => [port]],
    ['the port as a variable gives it', (port) => [String(port)]],
    ['the port and an address of the lock', (port) => [port, '::1']],
    ['an object, as for Fastify', (port) => [{ port, host: 'localhost' }]],
  ])('is init() with %s', async (_what, args) => {
    const port = await freePort();
    const { app, lock } = await createApp({ lock: { port } });

    await Reflect.apply(app.listen.bind(app), app, args(port));

    expect(lock.url).toBe(`ws://127.0.0.1:${port}`);
  });

  it('calls back, as Node does', async () => {
    const { app, lock } = await createApp();

    await new Promise<void>((resolve) => void app.listen(0, resolve));

    expect(lock.phase).toBe('ready');
  });

  it.each<[string, unknown[]]>([
    ['another host', [0, '0.0.0.0']],
    ['a host of the object', [{ port: 0, host: '0.0.0.0' }]],
    ['a socket in the file system', ['/run/app.sock']],
    ['its path', [{ path: '/run/app.sock' }]],
    ['a descriptor', [{ fd: 3 }]],
  ])('refuses %s', async (_what, args) => {
    const { app, lock } = await createApp();

    const listening = Reflect.apply(app.listen.bind(app), app, args) as Promise<unknown>;

    await expect(listening).rejects.toThrow('would open a port that the gateway lock does not guard');
    expect(() => lock.url).toThrow('the gateway lock is not held yet');
  });

  it('is refused another port after init() too, and takes that of the lock', async () => {
    const { app, lock } = await startApp();

    await expect(app.listen(1)).rejects.toThrow('app.listen(1) would open a port');
    await app.listen(Number(new URL(lock.url).port));

    expect(await app.getUrl()).toBe(httpUrl(lock.url, ''));
  });

  it('takes the port of a listener that was claimed before', async () => {
    const listener = await claimListener({ port: 0 });
    const { app, lock } = await createApp({ lock: { listener } });

    await app.listen(listener.port);

    expect(lock.url).toBe(listener.url);
  });

  it('of an app without the lock listens as it likes', async () => {
    await startApp();
    const port = portOf(await stranger());
    const app = (await Test.createTestingModule({}).compile()).createNestApplication({ logger: false });
    onCleanUp(() => app.close());

    await expect(app.listen(port, '127.0.0.1')).rejects.toThrow('EADDRINUSE');
  });
});
