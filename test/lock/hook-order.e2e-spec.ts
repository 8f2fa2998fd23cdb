import { claimListener, GatewayLockError } from '../../src/index.js';
import { createApp } from '../kit/app.js';
import { hookModule } from '../kit/hooks.js';
import { portOf, stranger } from '../kit/net.js';
import { freePort, isFree } from '../kit/ports.js';

describe('first in, last out', () => {
  it('other global modules, imported ahead of the lock, start after it and end before it', async () => {
    const port = await freePort();
    const seen: string[] = [];
    const note = (hook: string) => async (): Promise<void> => {
      const state = (await isFree(port)) ? 'free' : 'held';
      // A hook that takes its time: the lock has to wait for its end, not for its call.
      await new Promise(setImmediate);
      seen.push(`${hook}: ${state}`, `${hook} ends: ${(await isFree(port)) ? 'free' : 'held'}`);
    };
    const spy = hookModule({
      onModuleInit: note('init'),
      onApplicationBootstrap: note('bootstrap'),
      onModuleDestroy: note('destroy'),
      beforeApplicationShutdown: note('before shutdown'),
      onApplicationShutdown: note('shutdown'),
    });
    const { app } = await createApp({ imports: [spy], lock: { port, host: '127.0.0.1' } });

    await app.init();
    await app.close();

    expect(seen).toEqual([
      ...['init: free', 'init ends: free'],
      ...['bootstrap: held', 'bootstrap ends: held'],
      ...['destroy: held', 'destroy ends: held'],
      ...['before shutdown: held', 'before shutdown ends: held'],
      ...['shutdown: held', 'shutdown ends: held'],
    ]);
    expect(await isFree(port)).toBe(true);
  });

  it('a refused start has run no bootstrap hook of another module', async () => {
    const port = portOf(await stranger());
    let started = false;
    const spy = hookModule({ onApplicationBootstrap: () => (started = true) });
    const { app } = await createApp({ imports: [spy], lock: { port } });

    await expect(app.init()).rejects.toBeInstanceOf(GatewayLockError);

    expect(started).toBe(false);
  });

  it('a start that fails in another module gives the port back when the app is closed', async () => {
    const failing = hookModule({ onApplicationBootstrap: () => Promise.reject(new Error('not today')) });
    const { app, lock } = await createApp({ imports: [failing] });
    await expect(app.init()).rejects.toThrow('not today');
    const port = Number(new URL(lock.url).port);
    expect(await isFree(port)).toBe(false);

    await app.close();
    await app.close();

    expect(lock.phase).toBe('released');
    const successor = await claimListener({ port });
    successor.close();
  });
});
