import { get as httpGet } from 'node:http';
import { Server } from 'node:net';

import { claimListener, type GatewayCard } from '../../src/index.js';
import { GatewayCardService } from '../../src/holder/gateway-card.service.js';
import { isRefused } from '../../src/listener/is-refused.js';
import { obtainProofSecret } from '../../src/state-folder/proof-secret.js';
import { createApp, httpUrl, refusalOfStart, startApp } from '../kit/app.js';
import { onCleanUp } from '../kit/cleaner.js';
import { within } from '../kit/deadline.js';
import { Gate } from '../kit/gate.js';
import { hookModule } from '../kit/hooks.js';
import { freePort, isFree } from '../kit/ports.js';
import { socketOf, strangerOn } from '../kit/profile.js';
import { tempFolder } from '../kit/temp.js';

/** What the local socket answers to a GET, and its status. */
async function ask(socketPath: string, path: string, headers = {}): Promise<{ status: number; body: string }> {
  const answer = new Promise<{ status: number; body: string }>((resolve, reject) => {
    const request = httpGet({ socketPath, path, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.once('error', reject);
  });
  return within(5_000, `an answer on ${path}`, answer);
}

describe('the option stateFolder', () => {
  it('refuses a second app on the folder, and gives its port back before the error is thrown', async () => {
    const stateFolder = tempFolder();
    const { lock } = await startApp({ lock: { stateFolder } });
    const port = await freePort();
    const { app } = await createApp({ lock: { stateFolder, port, identity: { profile: 'rescue' } } });

    const refusal = await refusalOfStart(app.init());

    expect(refusal).toMatchObject({
      code: 'GATEWAY_PROFILE_IN_USE',
      message: `another gateway instance is already using profile rescue (${lock.url})`,
      url: lock.url,
      address: { host: '127.0.0.1', port },
      profile: 'rescue',
      holder: { verdict: 'ready', url: lock.url, card: { pid: process.pid } },
      cause: { code: 'EADDRINUSE' },
    });
    expect(await isFree(port)).toBe(true);
  });

  it.each([
    ['a new folder', false],
    ['a folder that a gateway has used', true],
  ])('believes no card of a process in %s that cannot read it', async (_name, isUsed) => {
    const stateFolder = tempFolder();
    const other = await startApp({ lock: { stateFolder: tempFolder() } });
    if (isUsed) obtainProofSecret(stateFolder);
    const card = JSON.stringify({ ...other.app.get(GatewayCardService).card, profile: 'rescue' });
    await strangerOn(stateFolder, (socket) =>
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${card.length}\r\n\r\n${card}`)),
    );
    const { app } = await createApp({ lock: { stateFolder } });

    const refusal = await refusalOfStart(app.init());

    expect(refusal.message).toBe('another gateway instance is already using profile default (unknown address)');
    expect(refusal.holder).toMatchObject({ verdict: 'foreign', url: 'unknown address' });
    expect(refusal.holder?.card).toBeUndefined();
  });

  it('does not ask where the app does not want to', async () => {
    const stateFolder = tempFolder();
    await startApp({ lock: { stateFolder } });
    const { app } = await createApp({ lock: { stateFolder, acquire: { identify: false } } });

    const refusal = await refusalOfStart(app.init());

    expect(refusal.message).toBe('another gateway instance is already using profile default (unknown address)');
    expect(refusal.holder).toBeUndefined();
  });

  it.each(['starting', 'draining'] as const)(
    'is answered for by a gateway that is %s, with its card',
    async (phase) => {
      const stateFolder = tempFolder();
      const [entered, go] = [new Gate(), new Gate()];
      const hook = phase === 'starting' ? 'onApplicationBootstrap' : 'onModuleDestroy';
      const slow = hookModule({
        [hook]: () => {
          entered.open();
          return go.opened;
        },
      });
      const { app, lock } = await createApp({ lock: { stateFolder }, imports: [slow] });
      const ended = app.init().then(() => (phase === 'draining' ? app.close() : undefined));
      await entered.opened;
      const { app: second } = await createApp({ lock: { stateFolder } });

      const refusal = await refusalOfStart(second.init());

      expect(refusal).toMatchObject({ url: lock.url, holder: { verdict: phase, card: { phase } } });
      go.open();
      await ended;
    },
  );

  it('is answered for with the card and the watch, and nothing else', async () => {
    const stateFolder = tempFolder();
    const { lock } = await startApp({ lock: { stateFolder } });
    const socketPath = socketOf(stateFolder);

    const overPort = (await (await fetch(httpUrl(lock.url, '/.well-known/gateway'))).json()) as GatewayCard;
    const card = await ask(socketPath, '/.well-known/gateway');
    const other = await ask(socketPath, '/healthz');
    const upgrade = await ask(socketPath, '/', { Connection: 'Upgrade', Upgrade: 'websocket' });

    expect(JSON.parse(card.body)).toEqual(overPort);
    expect([card.status, other.status, upgrade.status]).toEqual([200, 404, 404]);
  });

  it('serves those who connected while it was starting', async () => {
    const stateFolder = tempFolder();
    let early: Promise<{ status: number }> | undefined;
    const { app } = await createApp({ lock: { port: await freePort(), stateFolder, derived: { side: 1 } } });
    // The derived port is bound after the socket of the profile, and before anything is served.
    const { listen } = Server.prototype;
    let isProfileBound = false;
    const spy = jest.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, ...args: unknown[]) {
      if (isProfileBound) early ??= ask(socketOf(stateFolder), '/.well-known/gateway');
      isProfileBound ||= (args[0] as { path?: string }).path !== undefined;
      return listen.apply(this, args as Parameters<typeof listen>);
    });
    onCleanUp(() => spy.mockRestore());

    await app.init();

    expect((await early)?.status).toBe(200);
  });

  it('is free when the app is closed, and those who waited are let go', async () => {
    const stateFolder = tempFolder();
    const { app } = await startApp({ lock: { stateFolder } });
    const socketPath = socketOf(stateFolder);
    const watch = ask(socketPath, '/.well-known/gateway/watch').catch((error: unknown) => error);

    await app.close();

    expect(await isRefused({ socketPath }, 5_000)).toBe(true);
    await within(5_000, 'the end of the watch', watch);
    await startApp({ lock: { stateFolder } });
  });

  it('with a listener that was handed in: refused, and closed with the app', async () => {
    const stateFolder = tempFolder();
    await startApp({ lock: { stateFolder } });
    const listener = await claimListener({ port: 0 });
    const { app } = await createApp({ lock: { stateFolder, listener } });

    expect((await refusalOfStart(app.init())).code).toBe('GATEWAY_PROFILE_IN_USE');

    await app.close();
    expect(await isFree(listener.port)).toBe(true);
  });

  it('ends the gateway when its lock is lost', async () => {
    const stateFolder = tempFolder();
    const servers: Server[] = [];
    const listen = jest.spyOn(Server.prototype, 'listen');
    onCleanUp(() => listen.mockRestore());
    const { lock } = await startApp({ lock: { stateFolder } });
    listen.mock.contexts.forEach((server) => servers.push(server as Server));

    const socket = servers.find((server) => typeof server.address() === 'string');
    // One that could not accept a connection for want of a descriptor is not lost.
    socket?.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
    socket?.emit('error', new Error('broken'));

    expect(await within(5_000, 'the loss', lock.lost)).toMatchObject({ cause: { message: 'broken' } });
  });

  it('is waited for by a standby, which takes over', async () => {
    const stateFolder = tempFolder();
    const first = await startApp({ lock: { stateFolder } });
    const seen: string[] = [];
    const waits = new Gate();
    const { app, lock } = await createApp({
      lock: {
        stateFolder,
        acquire: {
          wait: 'standby',
          onWait: ({ url }) => {
            seen.push(url);
            waits.open();
          },
        },
      },
    });
    const init = app.init();
    await waits.opened;
    const { url } = first.lock;

    await first.app.close();
    await within(10_000, 'the takeover', init);

    expect(seen[0]).toBe(url);
    expect(lock.phase).toBe('ready');
  });
});
