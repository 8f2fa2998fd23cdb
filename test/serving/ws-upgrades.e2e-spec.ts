import { once } from 'node:events';
import type { Socket } from 'node:net';

import { WebSocketGateway } from '@nestjs/websockets';
import { WebSocket } from 'ws';

import { startApp } from '../kit/app.js';
import { onCleanUp } from '../kit/cleaner.js';
import { EchoGateway } from '../kit/controllers.js';
import { within } from '../kit/deadline.js';
import { Gate } from '../kit/gate.js';
import { Client, rawConnection, upgradeStatus } from '../kit/net.js';

describe('GatewayWsAdapter, asked for an upgrade', () => {
  it('answers 404 to an upgrade on a path that no gateway class serves', async () => {
    const { lock } = await startApp({ providers: [EchoGateway] });

    expect(await upgradeStatus(`${lock.url}/elsewhere`)).toBe(404);
    expect(await upgradeStatus(`${lock.url}/?query=1`)).toBe(101);
  });

  it('does not admit a client whose verification ends when the gateway is already stopping', async () => {
    const asked = new Gate();
    const verified = new Gate();
    const verifyClient = (_info: unknown, accept: (verdict: boolean) => void): void => {
      asked.open();
      void verified.opened.then(() => accept(true));
    };
    @WebSocketGateway({ verifyClient })
    class Careful {}
    const { app, lock } = await startApp({ providers: [Careful] });
    const client = new WebSocket(lock.url);
    onCleanUp(() => client.terminate());
    const closed = once(client, 'close');
    await asked.opened;

    client.once('open', () => {
      // What breaks the protocol now must find a listener for the error.
      (Reflect.get(client, '_socket') as Socket).write(Buffer.from([0xff, 0xff, 0x01, 0x02]));
    });

    const stopped = lock.beginShutdown();
    verified.open();

    expect((await closed)[0]).toBe(1001);
    await stopped;
    await app.close();
  });

  it('closes a client with 1013 whose verification ends when all places are taken', async () => {
    const verified = new Gate();
    const asked: unknown[] = [];
    const both = new Gate();
    const verifyClient = (_info: unknown, accept: (verdict: boolean) => void): void => {
      void verified.opened.then(() => accept(true));
      if (asked.push(accept) === 2) both.open();
    };
    @WebSocketGateway({ verifyClient })
    class Careful {}
    const { lock } = await startApp({ providers: [Careful], lock: { ws: { maxConnections: 1 } } });
    const clients = [new WebSocket(lock.url), new WebSocket(lock.url)];
    onCleanUp(() => clients.forEach((client) => client.terminate()));
    const closed = Promise.race(clients.map((client) => once(client, 'close')));
    await both.opened;

    verified.open();

    const [code, reason] = (await within(5_000, 'the end of one of them', closed)) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([1013, 'too many connections']);
    expect(clients.map(({ readyState }) => readyState).sort()).toEqual([WebSocket.OPEN, WebSocket.CLOSED]);
  });

  it('survives a client that resets its connection while it is verified', async () => {
    const asked = new Gate();
    const never = new Gate();
    const verifyClient = (_info: unknown, accept: (verdict: boolean) => void): void => {
      asked.open();
      void never.opened.then(() => accept(true));
    };
    @WebSocketGateway({ verifyClient, path: '/careful' })
    class Careful {}
    const { lock } = await startApp({ providers: [Careful, EchoGateway] });
    const { host, port } = new URL(lock.url);
    const rude = await rawConnection(Number(port));
    rude.write(
      `GET /careful HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    await asked.opened;

    rude.resetAndDestroy();

    expect(await (await Client.open(lock.url)).ask('echo', 1)).toEqual({ event: 'echo', data: 1 });
  });

  it('survives a client that hangs up while it is refused', async () => {
    const { lock } = await startApp({ providers: [EchoGateway] });
    const { host, port } = new URL(lock.url);
    const rude = await rawConnection(Number(port));
    const gone = once(rude, 'close');

    rude.write(`GET /nowhere HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    rude.resetAndDestroy();
    await gone;

    expect(await (await Client.open(lock.url)).ask('echo', 1)).toEqual({ event: 'echo', data: 1 });
  });
});
