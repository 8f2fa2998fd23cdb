import { createServer } from 'node:http';
import { Server } from 'node:net';

import { claimListener, type GatewayLockService } from '../../src/index.js';
import { createApp, httpUrl, refusalOfStart, startApp } from '../kit/app.js';
import { onCleanUp } from '../kit/cleaner.js';
import { within } from '../kit/deadline.js';
import { Gate } from '../kit/gate.js';
import { hookModule } from '../kit/hooks.js';
import { stranger } from '../kit/net.js';
import { freePort, isFree } from '../kit/ports.js';
import { tempFolder } from '../kit/temp.js';

describe('derived ports', () => {
  const derived = { canvas: 4, browser: 2 };

  it('are handed out by name, and served by the server that adopts them', async () => {
    const base = await freePort();
    const { lock } = await startApp({ lock: { port: base, derived } });
    expect([lock.derived('browser').port, lock.derived('canvas').port]).toEqual([base + 2, base + 4]);

    const server = createServer((_request, response) => response.end('browser'));
    lock.derived('browser').adopt(server);

    for (const { url } of lock.derived('browser').addresses) {
      expect(await (await fetch(httpUrl(url), { headers: { Connection: 'close' } })).text()).toBe('browser');
    }
    expect(lock.derived('browser').addresses.map(({ host }) => host)).toEqual(lock.addresses.map(({ host }) => host));
    expect(() => lock.derived('other')).toThrow('there is no derived port "other"');
  });

  it('are not known before the lock is taken', async () => {
    const { lock } = await createApp({ lock: { derived } });

    expect(() => lock.derived('browser')).toThrow('the gateway lock is not held yet');
  });

  it('are held all or not at all: where a stranger has one, nothing is held', async () => {
    const stateFolder = tempFolder();
    // One that answers: to see through a silent one takes the operating system's time.
    const base = await freePort();
    await stranger({ port: base + 4 }, (socket) => socket.end('hello'));
    const { app } = await createApp({ lock: { port: base, stateFolder, derived } });

    const refusal = await refusalOfStart(app.init());

    expect(refusal).toMatchObject({
      code: 'GATEWAY_ALREADY_LISTENING',
      message: `another gateway instance is already listening on ws://127.0.0.1:${base + 4}`,
      url: `ws://127.0.0.1:${base + 4}`,
      derived: 'canvas',
      basePort: base,
      holder: { verdict: 'foreign' },
    });
    expect(await Promise.all([isFree(base), isFree(base + 2)])).toEqual([true, true]);
    await startApp({ lock: { stateFolder } });
  });

  it('are given back in reverse, before the profile and the port', async () => {
    const closed: (number | 'profile')[] = [];
    const { close } = Server.prototype;
    const base = await freePort();
    const spy = jest.spyOn(Server.prototype, 'close').mockImplementation(function (this: Server, callback) {
      const address = this.address();
      if (address) closed.push(typeof address === 'string' ? 'profile' : address.port);
      return close.call(this, callback);
    });
    onCleanUp(() => spy.mockRestore());
    const lock = { port: base, derived, stateFolder: tempFolder(), host: '127.0.0.1' };
    const { app } = await startApp({ lock });

    await app.close();

    expect(closed).toEqual([base + 4, base + 2, 'profile', base]);
  });

  it('are waited for by a standby, which leaves the port alone meanwhile', async () => {
    const port = await freePort();
    const server = await stranger({ port: port + 2 }, (socket) => socket.end());
    const waits = new Gate();
    const acquire = { wait: 'standby', onWait: waits.open } as const;
    const { app, lock } = await createApp({ lock: { port, derived, acquire } });
    const init = app.init();
    await waits.opened;
    expect(await isFree(port)).toBe(true);

    server.close();
    await within(10_000, 'the takeover', init);

    expect(lock.derived('browser').port).toBe(port + 2);
  });

  it('may be closed by the server that adopted them, in a shutdown hook', async () => {
    const holder: { lock?: GatewayLockService } = {};
    const server = createServer();
    const hooks = hookModule({
      onApplicationBootstrap: () => holder.lock?.derived('browser').adopt(server),
      onModuleDestroy: () => server.close(),
    });
    const { app, lock } = await createApp({ lock: { port: await freePort(), derived }, imports: [hooks] });
    holder.lock = lock;
    await app.init();
    const lost = jest.fn();
    void lock.lost.then(lost);

    await app.close();

    expect(lost).not.toHaveBeenCalled();
  });

  it('end the gateway when one is lost while it runs', async () => {
    const { lock } = await startApp({ lock: { port: await freePort(), derived } });
    const server = createServer();
    const { url } = lock.derived('browser');
    lock.derived('browser').adopt(server);

    server.close();

    expect(await within(5_000, 'the loss', lock.lost)).toEqual({ url });
  });

  it('come from a listener that was handed in, on its hosts', async () => {
    const pair = await claimListener({ port: await freePort() });
    const single = await claimListener({ host: '127.0.0.1', port: await freePort() });

    for (const listener of [pair, single]) {
      const { lock } = await startApp({ lock: { listener, derived: { browser: 19 } } });

      const { port, addresses } = lock.derived('browser');
      expect(port).toBe(listener.port + 19);
      expect(addresses.map(({ host }) => host)).toEqual(listener.addresses.map(({ host }) => host));
    }
  });

  it.each([
    [
      { port: 20_000, derived: { browser: 0 } },
      'derived.browser: 0 is not an offset: give a whole number from 1 to 19',
    ],
    [{ derived: { browser: 20 } }, 'derived.browser: 20 is not an offset: give a whole number from 1 to 19'],
    [{ derived: { browser: 1.5 } }, 'derived.browser: 1.5 is not an offset: give a whole number from 1 to 19'],
    [{ derived: { a: 2, b: 2 } }, 'derived.b: 2 is the offset of a too: give each one of its own'],
    [
      { port: 65_530, derived: { browser: 6 } },
      'derived.browser: 65530 + 6 is beyond 65535: give a lower port or offset',
    ],
  ])('%j is refused before anything is bound', async (options, message) => {
    await expect(createApp({ lock: options })).rejects.toMatchObject({ code: 'INVALID_INPUT', message });
  });
});

describe('derived ports of a port that the OS chooses', () => {
  /** The ports that binds of 127.0.0.1 with port 0 get, one after the other. */
  function choose(...ports: number[]): void {
    const { listen } = Server.prototype;
    const spy = jest.spyOn(Server.prototype, 'listen');
    onCleanUp(() => spy.mockRestore());
    spy.mockImplementation(function (this: Server, ...args: unknown[]): Server {
      const [options, ...rest] = args as [{ port?: number }, ...unknown[]];
      const port = options.port === 0 ? (ports.shift() ?? 0) : options.port;
      return Reflect.apply(listen, this, [{ ...options, port }, ...rest]) as Server;
    } as typeof listen);
  }

  it('are tried beside another where one is taken, or would be beyond the last', async () => {
    const [unlucky, lucky] = [await freePort(), await freePort()];
    await stranger({ port: unlucky + 2 });
    choose(unlucky, 65_535, lucky);

    const { lock } = await startApp({ lock: { derived: { browser: 2 } } });

    expect(lock.derived('browser').port).toBe(lucky + 2);
  });

  it('are given up on in the end', async () => {
    const unlucky = await freePort();
    await stranger({ port: unlucky + 2 });
    choose(...Array<number>(16).fill(unlucky));
    const { app } = await createApp({ lock: { derived: { browser: 2 } } });

    expect(await refusalOfStart(app.init())).toMatchObject({ derived: 'browser', basePort: unlucky });
  });
});
