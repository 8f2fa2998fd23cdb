import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

import { WebSocketServer, type WebSocket } from 'ws';

import { callGateway, type CallOptions } from '../../../src/control/client/call-gateway.js';
import { failureOf } from '../../../src/control/client/failed-connection.js';
import type { GatewayCallError } from '../../../src/control/client/gateway-call.error.js';
import { readProofSecret } from '../../../src/state-folder/proof-secret.js';
import { cardOf } from '../../holder/cards.js';
import { onCleanUp } from '../../kit/cleaner.js';
import { startControlApp } from '../../kit/control-app.js';
import { portOf, stranger } from '../../kit/net.js';
import { freePort } from '../../kit/ports.js';
import { tempFolder } from '../../kit/temp.js';
import { TOKEN } from '../../kit/token.js';

const urlOf = (port: number): string => `ws://127.0.0.1:${port}`;

function call(url: string, options: Partial<CallOptions> = {}): Promise<unknown> {
  return callGateway({ url, token: TOKEN, method: 'status', ...options });
}

async function failureOfCall(url: string, options: Partial<CallOptions> = {}): Promise<GatewayCallError> {
  return call(url, options).then(
    (payload) => {
      throw new Error(`answered ${JSON.stringify(payload)}`);
    },
    (error: unknown) => error as GatewayCallError,
  );
}

/** Another HTTP server, which answers an upgrade as it does a request. */
async function httpServer(status: number, body = ''): Promise<number> {
  const server = createServer((_request, response) => response.writeHead(status).end(body));
  server.on('upgrade', (_request, socket) =>
    socket.end(`HTTP/1.1 ${status} Whatever\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`),
  );
  onCleanUp(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

/** Another WebSocket server, which answers each message as it is told. */
async function webSocketServer(answer: (socket: WebSocket, id: string) => void): Promise<number> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  onCleanUp(() => {
    server.clients.forEach((client) => client.terminate());
    server.close();
  });
  server.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => answer(socket, (JSON.parse(data.toString()) as { id: string }).id));
    socket.send('{"type":"event","event":"connect.challenge","payload":{}}');
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('a call', () => {
  it('gives the payload of the answer', async () => {
    const { url } = await startControlApp();

    expect(await call(url)).toMatchObject({ phase: 'ready', clients: 1 });
  });

  it('shows the token to a gateway of this user', async () => {
    const stateFolder = tempFolder();
    const { url } = await startControlApp({ lock: { stateFolder } });

    const payload = await call(url, { ownOnly: { secret: readProofSecret(stateFolder) } });

    expect(payload).toMatchObject({ phase: 'ready' });
  });

  it('asks nothing of another gateway of this user than the one that is meant', async () => {
    const stateFolder = tempFolder();
    const { url, port, lock } = await startControlApp({ lock: { stateFolder } });
    const secret = readProofSecret(stateFolder);

    const { code, message } = await failureOfCall(url, {
      method: 'gateway.shutdown',
      ownOnly: { secret, isMeant: ({ card }) => card.url !== url },
    });

    expect([code, message]).toEqual([
      'not a gateway',
      `the token of this user is not shown to ${url}: it is not known to be the gateway of this profile; --port ${port} means whichever has the port`,
    ]);
    expect(lock.phase).toBe('ready');
  });

  it('hears the challenge once, and nothing that is no answer', async () => {
    let asked = 0;
    const port = await webSocketServer((socket, id) => {
      asked++;
      for (const noise of ['nonsense', '7', 'null', '{"type":"res","id":"other","ok":true}']) socket.send(noise);
      socket.send('{"type":"event","event":"connect.challenge","payload":{}}');
      socket.send(JSON.stringify({ type: 'res', id, ok: true }));
    });

    expect(await call(urlOf(port))).toBeNull();
    expect(asked).toBe(2);
  });
});

describe('a call that is refused', () => {
  it('by the token says so', async () => {
    const { url } = await startControlApp();

    expect(await failureOfCall(url, { token: 'wrong' })).toMatchObject({
      code: 'not allowed',
      answer: { details: { code: 'AUTH_TOKEN_MISMATCH' } },
    });
    expect(await failureOfCall(url, { token: undefined })).toMatchObject({ code: 'not allowed' });
  });

  it('by the method says what the gateway said', async () => {
    const { url } = await startControlApp();

    const failure = await failureOfCall(url, { method: 'nothing.such' });

    expect(failure).toMatchObject({ code: 'refused', message: 'nothing.such: unknown method: nothing.such' });
    expect(failure.answer).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('for now may be made again', async () => {
    const port = await webSocketServer((socket, id) =>
      socket.send(JSON.stringify({ type: 'res', id, ok: false, error: { retryable: true } })),
    );

    expect(await failureOfCall(urlOf(port))).toMatchObject({
      code: 'not ready',
      message: expect.stringContaining('it does not say why') as string,
      answer: { code: 'UNAVAILABLE', message: 'it does not say why' },
    });
  });

  it('by the gate names the rule and the way in, through a tunnel', async () => {
    const { port } = await startControlApp();
    const tunnel = await stranger({}, (near: Socket) => {
      const far = connect(port, '127.0.0.1');
      far.on('error', () => near.destroy());
      near.pipe(far).pipe(near);
    });

    const failure = await failureOfCall(urlOf(portOf(tunnel)));

    expect(failure.code).toBe('not allowed');
    expect(failure.message).toContain(`answers 403, host not allowed: `);
    expect(failure.message).toContain(`--allow-host 127.0.0.1:${portOf(tunnel)}`);
  });
});

describe('a call that comes to nothing', () => {
  it.each([
    ['an HTTP server', 404, 'not a gateway', (url: string) => `${url} answered 404, as a gateway does not`],
    ['a gateway that starts', 503, 'not ready', (url: string) => `the gateway on ${url} does not let clients in now`],
  ])('since there is %s', async (_what, status, code, message) => {
    const url = urlOf(await httpServer(status));

    expect(await failureOfCall(url)).toMatchObject({ code, message: message(url) });
  });

  it('since nothing listens', async () => {
    const url = urlOf(await freePort());

    expect(await failureOfCall(url)).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining(url) as string,
    });
    expect(await failureOfCall(url, { ownOnly: { secret: undefined } })).toMatchObject({ code: 'unreachable' });
  });

  it('since nothing answers', async () => {
    const url = urlOf(portOf(await stranger()));
    const late = { code: 'not ready', message: `no answer from ${url} within 100 ms` };

    expect(await failureOfCall(url, { timeoutMs: 100 })).toMatchObject(late);
    expect(await failureOfCall(url, { timeoutMs: 100, ownOnly: { secret: undefined } })).toMatchObject(late);
  });

  it('since what listens speaks otherwise, or hangs up', async () => {
    const [talker, hangUp] = [
      await stranger({}, (socket) => socket.end('SSH-2.0-OpenSSH\r\n')),
      await stranger({}, (socket) => socket.destroy()),
    ];

    for (const server of [talker, hangUp]) {
      expect(await failureOfCall(urlOf(portOf(server)))).toMatchObject({
        code: 'not a gateway',
        message: expect.stringContaining('does not speak as a gateway does') as string,
      });
    }
  });

  it('since the gateway hangs up, with its words', async () => {
    const port = await webSocketServer((socket) => socket.close(1000, 'go away'));

    expect(await failureOfCall(urlOf(port))).toMatchObject({
      code: 'not ready',
      message: `the gateway on ${urlOf(port)} hung up: 1000 go away`,
    });
  });

  it('since it cannot be told whose it is, which is no statement about it', async () => {
    const card = JSON.stringify(cardOf({ pid: process.ppid }));
    const url = urlOf(await httpServer(200, card));

    expect(await failureOfCall(url, { ownOnly: { secret: undefined } })).toMatchObject({
      code: 'unknown',
      message: `the token of this user is not shown to ${url}: it cannot be told whose it is; name it with --url to show one`,
    });
  });

  it('since what listens shows no card, and so is not shown the token', async () => {
    const url = urlOf(await httpServer(200, '<h1>hello</h1>'));

    expect(await failureOfCall(url, { ownOnly: { secret: 'x'.repeat(43) } })).toMatchObject({
      code: 'not a gateway',
      message: `${url} answered 200, as a gateway does not; the token of this user is not shown to ${url}`,
    });
  });
});

describe('a connection that was cut', () => {
  const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

  it('by a gateway is no statement about what it is', async () => {
    const { url } = await startControlApp();

    expect(await failureOf(reset, url, 1)).toMatchObject({
      code: 'not ready',
      message: `the gateway on ${url} hung up: read ECONNRESET`,
    });
  });

  it('is one to a free port where nothing listens any more', async () => {
    expect(await failureOf(reset, urlOf(await freePort()), 1)).toMatchObject({ code: 'unreachable' });
  });

  it('by another machine is not asked after', async () => {
    expect(await failureOf(reset, 'ws://192.0.2.1:18789', 1)).toMatchObject({
      code: 'not ready',
      message: 'ws://192.0.2.1:18789 hung up: read ECONNRESET',
    });
  });

  it('for want of a descriptor is no statement about the gateway', async () => {
    const error = Object.assign(new Error('connect EMFILE'), { code: 'EMFILE' });

    expect(await failureOf(error, urlOf(1), 1)).toMatchObject({
      code: 'unknown',
      message: expect.stringContaining('EMFILE') as string,
    });
  });
});
