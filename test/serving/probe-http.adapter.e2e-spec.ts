import { Controller, Get, Header, HttpCode, NotFoundException, Post, Req } from '@nestjs/common';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { ProbeHttpAdapter } from '../../src/serving/probe-http.adapter.js';
import { createApp, httpUrl, startApp } from '../kit/app.js';
import { onCleanUp } from '../kit/cleaner.js';
import { portOf } from '../kit/net.js';

@Controller()
class Routes {
  @Get('text')
  @Header('X-Own', 'yes')
  text(): string {
    return 'text';
  }

  @Get('json')
  @HttpCode(202)
  json(): object {
    return { a: 1 };
  }

  @Get('nothing')
  nothing(): undefined {
    return undefined;
  }

  @Get('request')
  request(@Req() { url }: IncomingMessage): object {
    return { url };
  }

  @Get('failure')
  failure(): never {
    throw new NotFoundException('gone');
  }
}

describe('the HTTP side of a gateway without a framework', () => {
  it.each<[path: string, status: number, body: string]>([
    ['/text', 200, 'text'],
    ['/json', 202, '{"a":1}'],
    ['/nothing', 200, ''],
    ['/request?a=b', 200, '{"url":"/request?a=b"}'],
    ['/failure', 404, '{"message":"gone","error":"Not Found","statusCode":404}'],
    ['/elsewhere', 404, '{"message":"Cannot GET /elsewhere","error":"Not Found","statusCode":404}'],
  ])('answers %s with %d', async (path, status, body) => {
    const { lock } = await startApp({ http: new ProbeHttpAdapter(), controllers: [Routes] });

    const answer = await fetch(httpUrl(lock.url, path));

    expect([answer.status, await answer.text()]).toEqual([status, body]);
  });

  it('sends the headers of a route, and answers HEAD', async () => {
    const { lock } = await startApp({ http: new ProbeHttpAdapter(), controllers: [Routes] });

    const answer = await fetch(httpUrl(lock.url, '/text'), { method: 'HEAD' });

    expect([answer.status, answer.headers.get('x-own'), await answer.text()]).toEqual([200, 'yes', '']);
  });

  it('answers 405 to another method, and says which there are', async () => {
    const { lock } = await startApp({ http: new ProbeHttpAdapter(), controllers: [Routes] });

    const answer = await fetch(httpUrl(lock.url, '/text'), { method: 'POST' });

    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('refuses by name what it does not offer', async () => {
    @Controller()
    class Posting {
      @Post('text')
      post(): string {
        return '';
      }
    }
    const { app } = await createApp({ http: new ProbeHttpAdapter(), controllers: [Posting] });

    await expect(app.init()).rejects.toThrow(
      "the gateway's own HTTP side does not offer @Post(): use Express or Fastify in an app that needs it",
    );
  });

  it('tells interceptors and filters of requests and answers what they ask', async () => {
    const adapter = new ProbeHttpAdapter();
    adapter.initHttpServer();
    const server = adapter.getHttpServer();
    onCleanUp(() => server.close());
    adapter.get('/asked', (request: IncomingMessage, response: ServerResponse) => {
      adapter.setHeader(response, 'X-Own', 'one');
      adapter.appendHeader(response, 'X-Own', 'two');
      adapter.status(response, 203);
      const told = {
        type: adapter.getType(),
        host: adapter.getRequestHostname(request),
        method: adapter.getRequestMethod(request),
        url: adapter.getRequestUrl(request),
        header: adapter.getHeader(response, 'X-Own'),
        isSent: adapter.isHeadersSent(response),
      };
      adapter.end(response, JSON.stringify(told));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const host = `127.0.0.1:${portOf(server)}`;

    const answer = await fetch(`http://${host}/asked`);

    expect(answer.status).toBe(203);
    expect(await answer.json()).toEqual({
      type: 'probe',
      host,
      method: 'GET',
      url: '/asked',
      header: ['one', 'two'],
      isSent: false,
    });
    expect((await fetch(`http://${host}/elsewhere`)).status).toBe(404);
  });
});
