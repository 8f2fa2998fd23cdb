import { once } from 'node:events';
import { fstatSync } from 'node:fs';
import type { Socket } from 'node:net';

import type { INestApplication } from '@nestjs/common';

import { GatewayHttpServer } from '../../src/serving/gateway-http.server.js';
import { startApp } from '../kit/app.js';
import { onCleanUp } from '../kit/cleaner.js';
import { EchoGateway, HelloController } from '../kit/controllers.js';
import { until, within } from '../kit/deadline.js';
import { Client, rawConnection } from '../kit/net.js';
import { isFree } from '../kit/ports.js';
import { head } from '../kit/raw-http.js';

const DEADLINE_MS = 10_000;
const portOf = (url: string): number => Number(new URL(url).port);

/** A connection that the server has accepted, and on which nothing was sent. */
async function silentConnection(app: INestApplication, port: number): Promise<Socket> {
  const accepted = once(app.get(GatewayHttpServer).http, 'connection');
  const socket = await rawConnection(port);
  await within(DEADLINE_MS, 'the connection', accepted);
  return socket;
}

describe('a gateway that gives its listeners to another process', () => {
  it('has a descriptor for each of its addresses', async () => {
    const { lock } = await startApp();

    expect(new Set(lock.descriptors).size).toBe(lock.addresses.length);
    for (const descriptor of lock.descriptors) expect(fstatSync(descriptor).isSocket()).toBe(true);
  });

  it('answers the first request of every connection that it has accepted, and hangs up after it', async () => {
    const { app, lock } = await startApp({ controllers: [HelloController] });
    const port = portOf(lock.url);
    const silent = await silentConnection(app, port);
    let isOver = false;

    const over = lock.stopAccepting().then(() => (isOver = true));
    expect(await isFree(port)).toBe(true);
    // What would end too soon has ended by then.
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    let answer = '';
    silent.setEncoding('latin1').on('data', (part: string) => (answer += part));
    const ended = once(silent, 'close');
    silent.write(head('GET /hello HTTP/1.1', `Host: 127.0.0.1:${port}`));

    await within(DEADLINE_MS, 'the end of the connection', ended);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*^Connection: close\r$[^]*hello$/m);
    await within(DEADLINE_MS, 'the end', over);
  });

  it('waits for no client that has hung up, and none with a WebSocket', async () => {
    const { app, lock } = await startApp({ providers: [EchoGateway] });
    const port = portOf(lock.url);
    const silent = await silentConnection(app, port);
    await Client.open(lock.url);

    const over = lock.stopAccepting();
    silent.destroy();

    await within(DEADLINE_MS, 'the end', over);
    expect(lock.phase).toBe('ready');
  });

  it('hangs up on those that ask for nothing, and waits for one that has begun to', async () => {
    const { app, lock } = await startApp({ controllers: [HelloController] });
    const port = portOf(lock.url);
    const request = head('GET /hello HTTP/1.1', `Host: 127.0.0.1:${port}`);
    const kept = await rawConnection(port);
    const answered = once(kept, 'data');
    kept.write(request);
    await within(DEADLINE_MS, 'the answer', answered);
    const begun = await silentConnection(app, port);
    begun.write(request.slice(0, 9));
    const silent = await silentConnection(app, port);
    const hungUp = Promise.all([kept, silent].map((socket) => once(socket.resume(), 'close')));

    const over = lock.stopAccepting();

    await within(DEADLINE_MS, 'the end of the others', hungUp);
    const end = once(begun, 'close');
    let answer = '';
    begun.setEncoding('latin1').on('data', (part: string) => (answer += part));
    begun.write(request.slice(9));
    await within(DEADLINE_MS, 'the end', Promise.all([over, end]));
    expect(answer).toMatch(/hello$/);
  });

  it('waits for one that never ends its request as long as it may take for one', async () => {
    const { app, lock } = await startApp({ lock: { http: { headersTimeoutMs: 50 } } });
    const begun = await silentConnection(app, portOf(lock.url));
    begun.write('GET /hello');

    await within(DEADLINE_MS, 'the end', lock.stopAccepting());
  });
});

describe('a gateway whose listeners a service manager keeps', () => {
  it('answers at its stop what it has accepted', async () => {
    const { app, lock } = await startApp();
    lock.runBy({ areListenersKept: () => true });
    const port = portOf(lock.url);
    const silent = await silentConnection(app, port);

    const stopped = app.close();
    await until(DEADLINE_MS, 'the end of the listener', () => isFree(port));
    let answer = '';
    silent.setEncoding('latin1').on('data', (part: string) => (answer += part));
    const ended = once(silent, 'close');
    silent.write(head('GET /hello HTTP/1.1', `Host: 127.0.0.1:${port}`));

    await within(DEADLINE_MS, 'the end of the connection', ended);
    expect(answer).toMatch(/^HTTP\/1\.1 503 [^]*^Connection: close\r$[^]*draining/m);
    await within(DEADLINE_MS, 'the end', stopped);
  });

  it('hears them out once, where it has done so for its successor', async () => {
    const { app, lock } = await startApp();
    lock.runBy({ areListenersKept: () => true });
    const hearing = jest.spyOn(GatewayHttpServer.prototype, 'heardOut');
    onCleanUp(() => hearing.mockRestore());

    await lock.stopAccepting();
    await app.close();

    expect(hearing).toHaveBeenCalledTimes(1);
  });

  it('is not late for a client that asks for nothing', async () => {
    const { app, lock } = await startApp({ lock: { shutdownDeadlineMs: 1_000 } });
    lock.runBy({ areListenersKept: () => true });
    await silentConnection(app, portOf(lock.url));

    const stopped = app.close().then(() => 'stopped');

    expect(await within(DEADLINE_MS, 'the end', Promise.race([stopped, lock.overdue]))).toBe('stopped');
  });
});
