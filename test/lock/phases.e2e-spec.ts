import { once } from 'node:events';
import { Server } from 'node:net';

import { Controller, Get, Logger } from '@nestjs/common';

import { claimListener, type GatewayLockService } from '../../src/index.js';
import { onCleanUp } from '../kit/cleaner.js';
import { createApp, httpUrl, startApp, type AppParts, type TestApp } from '../kit/app.js';
import { EchoGateway, HelloController } from '../kit/controllers.js';
import { within } from '../kit/deadline.js';
import { Gate } from '../kit/gate.js';
import { hookModule, type Hook } from '../kit/hooks.js';
import { rawConnection, upgradeStatus } from '../kit/net.js';
import { freePort, isFree } from '../kit/ports.js';

/** What a clock of the test leaves as it is: all but `setTimeout` and `clearTimeout`. */
const ALL_BUT_TIMEOUTS = [
  ...(['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask'] as const),
  ...(['setImmediate', 'clearImmediate', 'setInterval', 'clearInterval'] as const),
];

interface PausedApp extends TestApp {
  readonly init: Promise<unknown>;
  /** The start is in the bootstrap hook of another module. */
  readonly entered: Promise<void>;
  readonly resume: () => void;
}

/** An app that is starting, and stays in the bootstrap hook of another module until it is resumed. */
async function pausedApp(parts: AppParts = {}): Promise<PausedApp> {
  const entered = new Gate();
  const resumed = new Gate();
  const slow = hookModule({
    onApplicationBootstrap: () => {
      entered.open();
      return resumed.opened;
    },
  });
  const created = await createApp({
    imports: [slow],
    providers: [EchoGateway],
    controllers: [HelloController],
    ...parts,
  });
  return { ...created, init: created.app.init(), entered: entered.opened, resume: resumed.open };
}

/** Calls back each time a server is about to listen; restored when the test ends. */
function onListen(callback: (server: Server) => unknown): jest.SpyInstance {
  const listen = Server.prototype.listen;
  const spy = jest.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, ...args: unknown[]) {
    callback(this);
    return listen.apply(this, args as Parameters<Server['listen']>);
  });
  onCleanUp(() => spy.mockRestore());
  return spy;
}

function portOfLock({ url }: GatewayLockService): number {
  return Number(new URL(url).port);
}

describe('before it is ready', () => {
  it('the port is held, probes are answered, everything else gets 503', async () => {
    const { lock, init, entered, resume } = await pausedApp();
    await entered;

    expect(lock.phase).toBe('starting');
    expect(await upgradeStatus(lock.url)).toBe(503);
    expect(await (await fetch(httpUrl(lock.url, '/healthz'))).text()).toBe('alive');
    const refused = await fetch(httpUrl(lock.url, '/hello'));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await refused.json()).toEqual({ statusCode: 503, message: 'the gateway is starting' });

    resume();
    await init;
    expect(lock.phase).toBe('ready');
    expect(await upgradeStatus(lock.url)).toBe(101);
    expect((await fetch(httpUrl(lock.url, '/hello'))).status).toBe(200);
  });

  it('the paths of the probes can be chosen', async () => {
    const { lock, init, entered, resume } = await pausedApp({ lock: { probePaths: ['/hello'] } });
    await entered;

    expect((await fetch(httpUrl(lock.url, '/hello'))).status).toBe(200);
    expect((await fetch(httpUrl(lock.url, '/healthz'))).status).toBe(503);

    resume();
    await init;
  });
});

it('a path in disguise does not get past it before it is ready', async () => {
  @Controller()
  class Admin {
    @Get('admin/*rest')
    admin(): string {
      return 'the inner sanctum';
    }
  }
  const { lock, init, entered, resume } = await pausedApp({ controllers: [Admin] });
  await entered;
  const socket = await rawConnection(portOfLock(lock));

  socket.write(`GET /admin/../healthz HTTP/1.1\r\nHost: localhost:${portOfLock(lock)}\r\n\r\n`);

  const [answer] = (await within(5_000, 'the answer', once(socket, 'data'))) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 503 /);
  resume();
  await init;
});

describe('http.headersTimeoutMs', () => {
  it('cuts off a half-sent request, on every address', async () => {
    const { lock } = await startApp({ lock: { http: { headersTimeoutMs: 100 } } });

    for (const { host, port } of lock.addresses) {
      const socket = await rawConnection(port, host);
      socket.write('GET / HTTP/1.1\r\nHost: ');
      const [answer] = (await within(5_000, 'the cut', once(socket, 'data'))) as [Buffer];
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 Request Timeout/);
    }
  });
});

describe('closed while it starts', () => {
  it('before the lock is taken: the start fails, and the port was never held', async () => {
    const port = await freePort();
    const { app } = await createApp({ lock: { port } });
    await app.close();

    await expect(app.init()).rejects.toThrow('the gateway was told to stop while it was starting');

    expect(await isFree(port)).toBe(true);
  });

  it('while it binds: the start fails, and the port is given back', async () => {
    const port = await freePort();
    const { app, lock } = await createApp({ lock: { port } });
    let closed: Promise<void> | undefined;
    const listen = onListen(() => (closed = app.close()));

    await expect(app.init()).rejects.toThrow('the gateway was told to stop while it was starting');
    await closed;

    expect(listen).toHaveBeenCalled();
    expect(lock.phase).toBe('released');
    expect(await isFree(port)).toBe(true);
  });

  it('told to stop while it binds: the port is given back when the app is closed', async () => {
    const port = await freePort();
    const { app, lock } = await createApp({ lock: { port } });
    onListen(() => void lock.beginShutdown());

    await expect(app.init()).rejects.toThrow('the gateway was told to stop while it was starting');
    await app.close();

    expect(lock.phase).toBe('released');
    expect(await isFree(port)).toBe(true);
  });

  it('told to stop while another module starts: the port is held until that one is stopped too', async () => {
    const { app, lock, init, entered, resume } = await pausedApp();
    await entered;
    const port = portOfLock(lock);

    await lock.beginShutdown();
    resume();
    await expect(init).rejects.toThrow('the gateway was told to stop while it was starting');

    expect(await isFree(port)).toBe(false);
    await app.close();
    expect(await isFree(port)).toBe(true);
  });

  it('while another module starts: the port is released, and no client is admitted any more', async () => {
    const { app, lock, init, entered, resume } = await pausedApp();
    await entered;
    const port = portOfLock(lock);

    await app.close();

    expect(lock.phase).toBe('released');
    expect(await isFree(port)).toBe(true);
    resume();
    await expect(init).rejects.toThrow('the gateway was told to stop while it was starting');
    expect(lock.phase).toBe('released');
  });
});

describe('a listener that is lost while the gateway runs', () => {
  const close = (server: Server): unknown => server.close();
  const fail = (server: Server): unknown => server.emit('error', new Error('no more sockets'));

  // Two sockets are bound, and then the HTTP server adopts the first.
  it.each([
    ['the HTTP server is closed', 2, close],
    ['the HTTP server fails', 2, fail],
    ['the listener on ::1 is closed', 1, close],
    ['the listener on ::1 fails', 1, fail],
  ])('because %s: reported once, and the gateway begins to stop', async (_how, index, lose) => {
    const servers: Server[] = [];
    onListen((server) => servers.push(server));
    const { lock } = await startApp();
    const server = servers[index];
    if (!server) throw new Error('no such server was made to listen');

    lose(server);

    const { url } = await within(10_000, 'the loss', lock.lost);
    expect(url).toBe(index === 1 ? lock.addresses[1]?.url : lock.url);
    expect(lock.phase).toBe('draining');
  });

  it.each(['EMFILE', 'ENFILE'])(
    'is not one that could not accept a connection for want of a descriptor: %s',
    async (code) => {
      const servers: Server[] = [];
      onListen((server) => servers.push(server));
      const { lock } = await startApp();

      // As Node reports what accept(2) says; the kernel keeps the socket listening.
      for (const server of servers.slice(1)) server.emit('error', Object.assign(new Error(`accept ${code}`), { code }));
      await new Promise(setImmediate);

      expect(servers).toHaveLength(3);
      expect(lock.phase).toBe('ready');
    },
  );

  it('is not what an orderly close is', async () => {
    const { app, lock } = await startApp();
    let lost = false;
    void lock.lost.then(() => (lost = true));

    await app.close();
    await new Promise(setImmediate);

    expect(lost).toBe(false);
  });
});

describe('a shutdown that hangs', () => {
  const DEADLINE_MS = 50;

  /** From now on the deadline passes when the test says so, however busy the machine is. */
  function stopClock(): void {
    jest.useFakeTimers({ doNotFake: ALL_BUT_TIMEOUTS });
    onCleanUp(() => jest.useRealTimers());
  }

  it.each<Hook>(['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown'])(
    'in %s: is reported by the name of the hook, with the port still held',
    async (hook) => {
      const [entered, over] = [new Gate(), new Gate()];
      const hanging = hookModule({ [hook]: () => (entered.open(), over.opened) });
      const { app, lock } = await startApp({ imports: [hanging], lock: { shutdownDeadlineMs: DEADLINE_MS } });
      const port = portOfLock(lock);
      stopClock();

      const closed = app.close();
      await entered.opened;
      jest.advanceTimersByTime(DEADLINE_MS);

      expect(await lock.overdue).toBe(hook);
      expect(await isFree(port)).toBe(false);
      over.open();
      await closed;
      expect(await isFree(port)).toBe(true);
    },
  );

  it('is no such thing when it ends in time', async () => {
    const { app, lock } = await startApp({ lock: { shutdownDeadlineMs: DEADLINE_MS } });
    let overdue = false;
    void lock.overdue.then(() => (overdue = true));
    stopClock();
    await app.close();

    jest.advanceTimersByTime(DEADLINE_MS);
    await new Promise(setImmediate);

    expect(overdue).toBe(false);
  });
});

it('a successor binds as soon as the close has ended', async () => {
  const port = await freePort();
  const { app } = await startApp({ lock: { port } });

  await app.close();

  const successor = await claimListener({ port });
  successor.close();
});

describe('an address that this machine gets after the start', () => {
  it.each([
    [true, 'log', 'listening on ws://[::1]:1 too, which this machine did not have at the start'],
    [false, 'warn', 'another process listens on ws://[::1]:1, so clients that use it do not reach this gateway'],
  ] as const)('(taken: %s) is told of', async (isTaken, level, line) => {
    const listener = await claimListener({ port: 0 });
    // No address comes to the machine that runs the tests.
    jest.spyOn(listener, 'completeLater').mockImplementation((report) => report({ url: 'ws://[::1]:1', isTaken }));
    const told = jest.spyOn(Logger.prototype, level);
    onCleanUp(() => told.mockRestore());

    await startApp({ lock: { listener } });

    expect(told).toHaveBeenCalledWith(line);
  });
});
