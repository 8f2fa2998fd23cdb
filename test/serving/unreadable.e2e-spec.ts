import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';

import { Controller, Post, Res } from '@nestjs/common';

import { AccessControl } from '../../src/control/access/access-control.service.js';
import type { RequestRefusal } from '../../src/serving/access-policy.js';
import { GatewayHttpServer } from '../../src/serving/gateway-http.server.js';
import { startApp } from '../kit/app.js';
import { onCleanUp } from '../kit/cleaner.js';
import { until, within } from '../kit/deadline.js';
import { bodyOf, exchange, head } from '../kit/raw-http.js';

interface Response {
  write(text: string): void;
}

@Controller()
class Slow {
  @Post('silent')
  silent(): Promise<void> {
    return new Promise(() => undefined);
  }

  @Post('begun')
  begun(@Res() response: Response): void {
    response.write('begun');
  }
}

interface Served {
  readonly port: number;
  readonly server: GatewayHttpServer;
  readonly refusals: RequestRefusal[];
}

async function serve(timeoutMs = 30_000): Promise<Served> {
  const { app, lock } = await startApp({
    controllers: [Slow],
    lock: { http: { headersTimeoutMs: timeoutMs, requestTimeoutMs: timeoutMs } },
  });
  const server = app.get(GatewayHttpServer);
  const refusals: RequestRefusal[] = [];
  jest.spyOn(app.get(AccessControl), 'onRefused').mockImplementation((refusal) => void refusals.push(refusal));
  return { port: Number(new URL(lock.url).port), server, refusals };
}

const LONG = 'x'.repeat(20_000);
const host = (port: number): string => `Host: 127.0.0.1:${port}`;
/** A request whose body is not sent. */
const posted = (path: string, port: number): string => head(`POST /${path} HTTP/1.1`, host(port), 'Content-Length: 9');

describe('a request that cannot be read', () => {
  it.each([
    ['rubbish', () => '\x16\x03\x01\x02\x00', '400 Bad Request', 'not an HTTP request'],
    [
      'too much of a head',
      () => `GET / HTTP/1.1\r\nX: ${LONG}`,
      '431 Request Header Fields Too Large',
      'headers too long',
    ],
    [
      'too much beside a chunk',
      (port: number) => `${head('POST /silent HTTP/1.1', host(port), 'Transfer-Encoding: chunked')}1;${LONG}`,
      '413 Payload Too Large',
      'chunk extensions too long',
    ],
  ])('since it is %s is answered, and noted', async (_what, text, status, reason) => {
    const { port, refusals } = await serve();

    const answer = await exchange(port, text(port));

    expect(answer).toBe(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\nX-Refusal: ${reason}\r\n\r\n`);
    expect(refusals).toEqual([{ status: Number.parseInt(status, 10), reason }]);
  });

  it('takes nothing from the answer to the one before it', async () => {
    const { port, refusals } = await serve();

    const answer = await exchange(port, `${head('GET /nowhere HTTP/1.1', host(port))}rubbish\r\n\r\n`);

    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(JSON.parse(bodyOf(answer))).toMatchObject({ statusCode: 404 });
    expect(refusals).toEqual([{ status: 400, reason: 'not an HTTP request' }]);
  });
});

describe('a request that its client has given up on', () => {
  async function half(): Promise<{ client: Socket; ended: Promise<unknown>; refusals: RequestRefusal[] }> {
    const { port, server, refusals } = await serve();
    const accepted = once(server.http, 'connection') as Promise<[Socket]>;
    const client = connect({ host: '127.0.0.1', port }).pause();
    onCleanUp(() => client.destroy());
    const [socket] = await within(5_000, 'the connection', accepted);
    // An answer that is left unread makes the system reset a connection that is closed (RFC 1122, 4.2.2.13).
    const answered = once(server.http, 'request') as Promise<[unknown, ServerResponse]>;
    client.write(head('GET /healthz HTTP/1.1', host(port)));
    const [, response] = await within(5_000, 'the request', answered);
    if (!response.writableFinished) await once(response, 'finish');
    const ended = new Promise((resolve) => socket.once('close', resolve));
    const { bytesRead } = socket;
    client.write('GET / HT');
    await until(5_000, 'the half', () => Promise.resolve(socket.bytesRead > bytesRead));
    return { client, ended, refusals };
  }

  it.each([
    ['in order', (client: Socket) => client.end()],
    ['with a reset', (client: Socket) => client.destroy()],
  ])('%s is no fault of the client or the gateway', async (_how, giveUp) => {
    const { client, ended, refusals } = await half();

    giveUp(client);

    await within(5_000, 'its end', ended);
    expect(refusals).toEqual([]);
  });
});

describe('a request that is not sent in time', () => {
  const late = [{ status: 408, reason: 'request not sent in time' }];

  it.each([
    ['nothing', () => ''],
    ['half of its head', (port: number) => `GET / HTTP/1.1\r\n${host(port)}\r\n`],
    ['a head without its body', (port: number) => posted('silent', port)],
  ])('but %s is answered, and noted', async (_what, text) => {
    const { port, refusals } = await serve(100);

    const answer = await exchange(port, text(port));

    expect(answer).toBe(
      'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\nX-Refusal: request not sent in time\r\n\r\n',
    );
    expect(refusals).toEqual(late);
  });

  it('puts nothing into an answer that has begun', async () => {
    const { port, refusals } = await serve(100);

    const answer = await exchange(port, posted('begun', port));

    expect(answer).toMatch(/^HTTP\/1\.1 201 /);
    expect(bodyOf(answer)).toBe('5\r\nbegun\r\n');
    expect(refusals).toEqual(late);
  });
});
