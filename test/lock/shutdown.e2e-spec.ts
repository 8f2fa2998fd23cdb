import { Controller, Get, type Type } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, type WsResponse } from '@nestjs/websockets';
import { NEVER, type Observable } from 'rxjs';

import { httpUrl, startApp } from '../kit/app.js';
import { EchoGateway } from '../kit/controllers.js';
import { within } from '../kit/deadline.js';
import { Gate } from '../kit/gate.js';
import { hookModule } from '../kit/hooks.js';
import { Client, muteWebSocket, rawConnection, upgradeStatus } from '../kit/net.js';
import { isFree } from '../kit/ports.js';

const portOf = (url: string): number => Number(new URL(url).port);

/** Handlers that the test lets go on. */
class Work {
  readonly begun = new Gate();
  readonly done = new Gate();
  /** One that never ends has begun too. */
  readonly endless = new Gate();
}

function slowGateway(work: Work): { provide: symbol; useFactory: () => object }[] {
  @WebSocketGateway()
  class SlowGateway {
    @SubscribeMessage('slow')
    async slow(): Promise<WsResponse> {
      work.begun.open();
      await work.done.opened;
      return { event: 'slow', data: 'done' };
    }

    @SubscribeMessage('endless')
    endless(): Observable<never> {
      work.begun.open();
      return NEVER;
    }
  }
  return [SlowGateway as never];
}

function slowController(work: Work, onDone: () => unknown = () => undefined): Type {
  @Controller()
  class SlowController {
    @Get('slow')
    async slow(): Promise<string> {
      work.begun.open();
      await work.done.opened;
      onDone();
      return 'done';
    }

    @Get('endless')
    endless(): Promise<never> {
      work.endless.open();
      return new Promise(() => undefined);
    }
  }
  return SlowController;
}

describe('at shutdown', () => {
  it('every client is told, then closed with 1001, before any other module is torn down', async () => {
    const torn = new Gate();
    const closedBeforeTeardown: boolean[] = [];
    const clients: Client[] = [];
    const module = hookModule({
      onModuleDestroy: () => {
        closedBeforeTeardown.push(...clients.map(({ socket }) => socket.readyState === socket.CLOSED));
        torn.open();
      },
    });
    const { app, lock } = await startApp({ providers: [EchoGateway], imports: [module] });
    for (const { url } of lock.addresses) clients.push(await Client.open(url));

    await app.close();

    await torn.opened;
    expect(closedBeforeTeardown).toEqual([true, true]);
    for (const client of clients) {
      expect(await client.next()).toEqual({
        event: 'shutdown',
        data: { reason: 'the gateway was stopped', restartExpectedMs: null },
      });
      expect(await client.close()).toEqual({ code: 1001, reason: 'gateway stopped' });
    }
  });

  it('an announced restart closes with 1012', async () => {
    const { app, lock } = await startApp({ providers: [EchoGateway] });
    const client = await Client.open(lock.url);

    void lock.beginShutdown({ reason: 'new version', restartExpectedMs: 2_000 });
    await app.close();

    expect(await client.next()).toEqual({
      event: 'shutdown',
      data: { reason: 'new version', restartExpectedMs: 2_000 },
    });
    expect(await client.close()).toEqual({ code: 1012, reason: 'service restart' });
  });

  it('a handler that is running answers before its client is closed', async () => {
    const work = new Work();
    const { app, lock } = await startApp({ providers: slowGateway(work) });
    const client = await Client.open(lock.url);
    client.send({ event: 'slow' });
    await work.begun.opened;

    const closed = app.close();
    expect(await client.next()).toMatchObject({ event: 'shutdown' });
    work.done.open();

    expect(await client.next()).toEqual({ event: 'slow', data: 'done' });
    expect((await client.close()).code).toBe(1001);
    await closed;
  });

  it('a handler that never ends leaves its client time for the close frame', async () => {
    const work = new Work();
    const { app, lock } = await startApp({ providers: slowGateway(work), lock: { shutdownGraceMs: 200 } });
    const client = await Client.open(lock.url);
    client.send({ event: 'endless' });
    await work.begun.opened;

    await app.close();

    expect((await client.close()).code).toBe(1001);
  });

  it('a message that comes while clients are let go reaches no handler', async () => {
    const work = new Work();
    const seen: unknown[] = [];
    @WebSocketGateway()
    class Recorder {
      @SubscribeMessage('record')
      record(): void {
        seen.push('recorded');
      }
    }
    const { app, lock } = await startApp({ providers: [...slowGateway(work), Recorder as never] });
    const client = await Client.open(lock.url);
    client.send({ event: 'slow' });
    await work.begun.opened;

    const closed = app.close();
    expect(await client.next()).toMatchObject({ event: 'shutdown' });
    client.send({ event: 'record' });
    // The pong comes after the message before it has been read.
    const pong = new Promise((resolve) => client.socket.once('pong', resolve));
    client.socket.ping();
    await within(5_000, 'the pong', pong);
    work.done.open();
    await closed;

    expect(seen).toEqual([]);
  });

  it('new upgrades and requests get 503 while clients are let go, and probes are answered', async () => {
    const work = new Work();
    const { app, lock } = await startApp({ providers: slowGateway(work), lock: { probePaths: ['/unknown'] } });
    const client = await Client.open(lock.url);
    client.send({ event: 'slow' });
    await work.begun.opened;

    const closed = app.close();
    expect(await client.next()).toMatchObject({ event: 'shutdown' });
    expect(lock.phase).toBe('draining');
    expect(await upgradeStatus(lock.url)).toBe(503);
    const refused = await fetch(httpUrl(lock.url));
    expect([refused.status, refused.headers.get('connection')]).toEqual([503, 'close']);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await fetch(httpUrl(lock.url, '/unknown'))).status).toBe(404);
    work.done.open();
    await closed;
  });

  it('a client that never answers the close is cut off when the grace is over', async () => {
    const { app, lock } = await startApp({ providers: [EchoGateway], lock: { shutdownGraceMs: 100 } });
    const [mute, well] = [await muteWebSocket(lock.url), await Client.open(lock.url)];
    const cut = new Promise((resolve) => mute.once('close', resolve));

    await app.close();

    await within(10_000, 'the mute client to be cut off', cut);
    expect((await well.close()).code).toBe(1001);
  });

  it('a running HTTP request is answered within the grace, and cut off after it', async () => {
    const work = new Work();
    const { app, lock } = await startApp({ controllers: [slowController(work)], lock: { shutdownGraceMs: 200 } });
    const slow = fetch(httpUrl(lock.url, '/slow'));
    const endless = fetch(httpUrl(lock.url, '/endless')).then(
      () => 'answered',
      () => 'cut off',
    );
    await Promise.all([work.begun.opened, work.endless.opened]);

    const closed = app.close();
    work.done.open();

    expect(await (await slow).text()).toBe('done');
    await closed;
    expect(await endless).toBe('cut off');
  });

  it('no other module is torn down while a request is running', async () => {
    const work = new Work();
    const order: string[] = [];
    const { app, lock } = await startApp({
      controllers: [slowController(work, () => order.push('answered'))],
      imports: [hookModule({ onModuleDestroy: () => order.push('torn down') })],
      lock: { shutdownGraceMs: 60_000 },
    });
    const slow = fetch(httpUrl(lock.url, '/slow'));
    await work.begun.opened;

    const closed = app.close();
    // By the time of an answer over the network, a shutdown that does not wait has come to the other modules.
    expect((await fetch(httpUrl(lock.url))).status).toBe(503);
    work.done.open();
    await closed;

    expect(await (await slow).text()).toBe('done');
    expect(order).toEqual(['answered', 'torn down']);
  });

  it('half-sent requests, half a handshake and idle connections delay nothing', async () => {
    const { app, lock } = await startApp({ providers: [EchoGateway], lock: { shutdownGraceMs: 10_000 } });
    const port = portOf(lock.url);
    const halves = [
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-Half: `,
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Ver`,
      `GET /hello HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
      '',
    ];
    const sockets = await Promise.all(halves.map(() => rawConnection(port)));
    sockets.forEach((socket, index) => socket.write(halves[index] ?? ''));
    const cut = sockets.map((socket) => new Promise((resolve) => socket.resume().once('close', resolve)));

    await within(5_000, 'the close', app.close());

    await within(10_000, 'all connections to be cut off', Promise.all(cut));
    expect(await isFree(port)).toBe(true);
  });

  it('closes as well when the app is closed twice at once', async () => {
    const { app, lock } = await startApp();

    await Promise.all([app.close(), app.close()]);

    expect(lock.phase).toBe('released');
    expect(await isFree(portOf(lock.url))).toBe(true);
  });
});
