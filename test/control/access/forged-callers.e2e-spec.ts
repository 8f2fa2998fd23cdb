import { Controller, Get } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';

import { CARD_PATH } from '../../../src/holder/card.js';
import { WATCH_PATH } from '../../../src/holder/watch-holder.js';
import { sharedByTests } from '../../kit/cleaner.js';
import { startControlApp } from '../../kit/control-app.js';
import { proven } from '../../kit/proven.js';
import { bodyOf, exchange, head, statusOf, UPGRADE } from '../../kit/raw-http.js';
import { ALLOWED_HOSTS, ALLOWED_ORIGINS, at, CALLERS } from './allowed-callers.js';

const REFUSED_HOSTS = [
  '',
  'evil.example',
  'evil.example:P',
  '127.0.0.1',
  '127.0.0.1:',
  '127.0.0.1:Q',
  '127.0.0.1:0P',
  '127.0.0.1:P0',
  '127.0.0.1:-P',
  'localhost',
  '[::1]',
  '127.0.0.1:P@evil.example',
  'evil.example@127.0.0.1:P',
  '127.0.0.1:P/',
  '127.0.0.1:P#',
  '127.0.0.1:P\\evil.example',
  '127.0.0.1:P, evil.example',
  '127.0.0.1:P evil.example',
  'http://127.0.0.1:P',
  '127.0.0.1.:P',
  'localhost.:P',
  'localhost.evil.example:P',
  '127.0.0.1.evil.example:P',
  'evil-127.0.0.1:P',
  '127.0.0.1:P:P',
  '::1:P',
  '[::1:P',
  '[0:0:0:0:0:0:0:1]:P',
  '[::0001]:P',
  '[::ffff:127.0.0.1]:P',
  '[::1%25lo]:P',
  '[::]:P',
  '0.0.0.0:P',
  '127.0.0.2:P',
  '127.1:P',
  '2130706433:P',
  '0x7f000001:P',
  '0x7f.0.0.1:P',
  '0177.0.0.1:P',
  '127.0.0.01:P',
  'gateway.example.',
  'gateway.example:8443',
  'gateway.example.:P',
  'gateway.example:Q',
  'sub.gateway.example:P',
  'gateway.example.evil:P',
  'proxy.example:P',
  'proxy.example',
  '*:P',
];
const REFUSED_ORIGINS = [
  '',
  'null',
  'NULL',
  '*',
  'http://evil.example',
  'http://evil.example:P',
  'http://127.0.0.1',
  'http://127.0.0.1:Q',
  'https://127.0.0.1:P',
  'https://localhost:P',
  'ws://127.0.0.1:P',
  'file://',
  '127.0.0.1:P',
  '//127.0.0.1:P',
  'http://127.0.0.1:P/',
  'http://127.0.0.1:P.evil.example',
  'http://127.0.0.1:P@evil.example',
  'http://evil.example@127.0.0.1:P',
  'http://127.0.0.1.evil.example:P',
  'http://localhost.:P',
  'http://localhost.evil.example:P',
  'http://evil-localhost:P',
  'http://2130706433:P',
  'http://[0:0:0:0:0:0:0:1]:P',
  'http://127.0.0.1:P http://evil.example',
  'http://127.0.0.1:P, http://evil.example',
  'http://gateway.example:P',
  'http://app.example',
  'https://app.example/',
  'https://app.example.',
  'https://app.example:80',
  'https://app.example:444',
  'http://app.example:443',
  'https://plain.example',
  'https://app.example.evil',
  'https://evil.app.example',
  'https://evil-app.example',
  'https://app.example@evil.example',
];

/** By which a page could tell that there is a gateway, or which one. */
const TELLTALE = /access-control|gateway|openclaw|live/i;

let refused = 0;

afterAll(() => proven(`${refused} requests and upgrades with a forged Host or Origin: each got 403, and nothing else`));

/** Notes what comes through to the app. */
const seen = { requests: 0, clients: 0 };

@Controller()
class AppController {
  @Get('app')
  answer(): string {
    seen.requests++;
    return 'seen';
  }
}

@WebSocketGateway({ path: '/app' })
class AppGateway {
  handleConnection(): void {
    seen.clients++;
  }
}

describe('a request through a proxy', () => {
  const RIGHT = ['X-Forwarded-For: 192.0.2.7', 'x-forwarded-proto: https', 'X-Forwarded-Host: gateway.example'];

  async function statusFor(trustedProxies: readonly string[], ...headers: string[]): Promise<number> {
    const { port } = await startControlApp({ lock: { callers: { hosts: ['gateway.example:443'], trustedProxies } } });
    const lines = headers.map((line) => at(port, line));
    return statusOf(await exchange(port, head('GET /healthz HTTP/1.1', ...lines, 'Connection: close')));
  }

  it.each([
    ['in for the host that a trusted one names', 200, ['127.0.0.1'], ['Host: upstream', ...RIGHT]],
    ['in for the host that one of a range names', 200, ['127.0.0.0/8'], ['Host: upstream', ...RIGHT]],
    ['out for the same from another address', 403, ['192.0.2.1', '10.0.0.0/8'], ['Host: upstream', ...RIGHT]],
    ['out for the same where none is trusted', 403, [], ['Host: upstream', ...RIGHT]],
    [
      'out for a wrong host that a trusted one names',
      403,
      ['127.0.0.1'],
      ['Host: 127.0.0.1:P', 'X-Forwarded-Host: evil.example'],
    ],
    [
      'out for a right host that its client has named before',
      403,
      ['127.0.0.1'],
      ['Host: 127.0.0.1:P', 'x-forwarded-proto: https', 'X-Forwarded-Host: gateway.example, evil.example'],
    ],
    ['in for the Host where it names none', 200, ['127.0.0.1'], ['Host: 127.0.0.1:P']],
  ])('is let %s', async (_what, status, trusted, headers) => {
    expect(await statusFor(trusted, ...headers)).toBe(status);
  });
});

describe('a request to the control port', () => {
  beforeEach(() => Object.assign(seen, { requests: 0, clients: 0 }));

  const app = sharedByTests(() =>
    startControlApp({ controllers: [AppController], providers: [AppGateway], lock: { callers: CALLERS } }),
  );

  function expectForbidden(answer: string): void {
    refused++;
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(bodyOf(answer)).toBe('');
    expect(answer).not.toMatch(TELLTALE);
    expect(seen).toEqual({ requests: 0, clients: 0 });
  }

  /** The two ways in, each with these headers. */
  async function both(port: number, ...headers: readonly string[]): Promise<[request: string, upgrade: string]> {
    return Promise.all([
      exchange(port, head('GET /healthz HTTP/1.1', ...headers, 'Connection: close')),
      exchange(port, head('GET /app HTTP/1.1', ...headers, ...UPGRADE)),
    ]);
  }

  it.each(REFUSED_HOSTS)('is refused with the Host %j', async (host) => {
    const { port } = app();
    for (const answer of await both(port, `Host: ${at(port, host)}`)) expectForbidden(answer);
  });

  it.each(REFUSED_ORIGINS)('is refused with the Origin %j', async (origin) => {
    const { port } = app();
    const answers = await both(port, `Host: 127.0.0.1:${port}`, `Origin: ${at(port, origin)}`);
    answers.forEach(expectForbidden);
  });

  it.each(ALLOWED_HOSTS)('is let in with the Host %j, in any case', async (host) => {
    const { port } = app();
    for (const spelled of [at(port, host), at(port, host).toUpperCase()]) {
      const answer = await exchange(port, head('GET /healthz HTTP/1.1', `Host: ${spelled}`, 'Connection: close'));
      expect(statusOf(answer)).toBe(200);
      expect(answer).not.toMatch(/access-control/i);
    }
  });

  it.each(ALLOWED_ORIGINS)('is let in with the Origin %j, which may read the answer', async (text) => {
    const { port } = app();
    const origin = at(port, text);
    const headers = [`Host: 127.0.0.1:${port}`, `Origin: ${origin}`, 'Connection: close'];
    const answer = await exchange(port, head('GET /healthz HTTP/1.1', ...headers));
    expect(statusOf(answer)).toBe(200);
    expect(answer).toContain(`\r\nAccess-Control-Allow-Origin: ${origin}\r\n`);
    expect(answer).toContain('\r\nVary: Origin\r\n');
  });

  it.each([
    ['the first of two Hosts is right', ['Host: 127.0.0.1:P', 'Host: evil.example:P']],
    ['the second of two Hosts is right', ['Host: evil.example:P', 'Host: 127.0.0.1:P']],
    [
      'the first of two Origins is right',
      ['Host: 127.0.0.1:P', 'Origin: http://127.0.0.1:P', 'Origin: http://evil.example'],
    ],
    [
      'the second of two Origins is right',
      ['Host: 127.0.0.1:P', 'Origin: http://evil.example', 'Origin: http://127.0.0.1:P'],
    ],
    [
      'only a proxy names the right host',
      ['Host: evil.example:P', 'X-Forwarded-Host: 127.0.0.1:P', 'Forwarded: host=127.0.0.1:P'],
    ],
  ])('is refused when %s', async (_what, headers) => {
    const { port } = app();
    for (const answer of await both(port, ...headers.map((line) => at(port, line)))) expectForbidden(answer);
  });

  it.each(['Host: evil.example:P', 'Origin: http://evil.example'])(
    'is refused with %j, however many headers come before it',
    async (line) => {
      const { port } = app();
      const many = new Array<string>(2_500).fill('x:');
      for (const [path, ...first] of [
        ['/healthz', 'Connection: close'],
        ['/app', ...UPGRADE],
      ]) {
        const headers = [`Host: 127.0.0.1:${port}`, ...first, ...many, at(port, line)];
        expectForbidden(await exchange(port, head(`GET ${path} HTTP/1.1`, ...headers)));
      }
    },
  );

  it.each([
    'http://evil.example:P',
    'http://127.0.0.1:Q',
    'http://127.0.0.1:P@evil.example',
    'http://evil.example@127.0.0.1:P',
    'http://127.0.0.1:P\\@evil.example',
    'hTTps://evil.example',
    'http://',
  ])('is refused when its target is on %j, whatever Host says', async (origin) => {
    const { port } = app();
    const target = at(port, origin);
    const host = `Host: 127.0.0.1:${port}`;
    const request = await exchange(port, head(`GET ${target}/healthz HTTP/1.1`, host, 'Connection: close'));
    const upgrade = await exchange(port, head(`GET ${target}/app HTTP/1.1`, host, ...UPGRADE));
    // The parser of Node has an opinion on some of them, and gives no answer of ours either.
    for (const answer of [request, upgrade]) {
      if (statusOf(answer) === 400) expect(answer).not.toMatch(TELLTALE);
      else expectForbidden(answer);
    }
  });

  it('is let in when its target names this gateway too', async () => {
    const { port } = app();
    const host = `127.0.0.1:${port}`;
    const answer = await exchange(
      port,
      head(`GET http://${host}/healthz HTTP/1.1`, `Host: ${host}`, 'Connection: close'),
    );
    expect(statusOf(answer)).toBe(200);
  });

  it.each([
    ['cross-site', 'image'],
    ['cross-site', 'iframe'],
    ['same-site', 'script'],
    ['same-site', 'empty'],
  ])('is refused as a part of a page from elsewhere: %s, %s', async (site, destination) => {
    const { port } = app();
    const headers = [`Host: 127.0.0.1:${port}`, `Sec-Fetch-Site: ${site}`, `Sec-Fetch-Dest: ${destination}`];
    (await both(port, ...headers)).forEach(expectForbidden);
  });

  it.each(['same-origin', 'none'])('is let in as a part of a page of its own: %s', async (site) => {
    const { port } = app();
    const headers = [`Host: 127.0.0.1:${port}`, `Sec-Fetch-Site: ${site}`, 'Sec-Fetch-Dest: image'];
    const answer = await exchange(port, head('GET /healthz HTTP/1.1', ...headers, 'Connection: close'));
    expect(statusOf(answer)).toBe(200);
  });

  it('is admitted when a person follows a link to it from another site', async () => {
    const { port } = app();
    const headers = [`Host: 127.0.0.1:${port}`, 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Dest: document'];
    const answer = await exchange(port, head('GET /healthz HTTP/1.1', ...headers, 'Connection: close'));
    expect(statusOf(answer)).toBe(200);
  });

  it('is refused without a Host, of which HTTP/1.0 had none', async () => {
    const { port } = app();
    expectForbidden(await exchange(port, head('GET /healthz HTTP/1.0')));
    // The parser of Node answers for HTTP/1.1, ahead of everybody.
    const answer = await exchange(port, head('GET /healthz HTTP/1.1', 'Connection: close'));
    expect(statusOf(answer)).toBe(400);
    expect(answer).not.toMatch(TELLTALE);
  });

  it.each([
    '/',
    '/healthz',
    '/health',
    '/readyz',
    '/ready',
    '/metrics',
    '/app',
    '/nowhere',
    '/%2e%2e/healthz',
    CARD_PATH,
    WATCH_PATH,
  ])('is refused on %s, whatever its method, and however it looks', async (path) => {
    const { port } = app();
    const forged = ['Host: evil.example', 'Connection: close'];
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE']) {
      expectForbidden(await exchange(port, head(`${method} ${path} HTTP/1.1`, ...forged)));
    }
    expectForbidden(await exchange(port, head(`GET ${path} HTTP/1.1`, 'Host: evil.example', ...UPGRADE)));
    const otherProtocol = ['Host: evil.example', 'Connection: Upgrade', 'Upgrade: h2c'];
    expectForbidden(await exchange(port, head(`GET ${path} HTTP/1.1`, ...otherProtocol)));
    expectForbidden(await exchange(port, head(`POST ${path} HTTP/1.1`, ...forged, 'Content-Length: 4') + 'body'));
  });

  it('is told nothing ahead of the refusal when it asks to be told to go on', async () => {
    const { port } = app();
    for (const expectation of ['100-continue', 'a-miracle']) {
      const headers = ['Host: evil.example', `Expect: ${expectation}`, 'Content-Length: 4', 'Connection: close'];
      expectForbidden(await exchange(port, head('POST /healthz HTTP/1.1', ...headers)));
    }
  });

  it('is told to go on when it may, and asks for it', async () => {
    const { port } = app();
    const headers = [`Host: 127.0.0.1:${port}`, 'Expect: 100-continue', 'Content-Length: 4', 'Connection: close'];
    const answer = await exchange(port, head('POST /healthz HTTP/1.1', ...headers) + 'body');
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 405 /);
  });

  it('is answered as any other when it asks for an unknown path', async () => {
    const { port } = app();
    const headers = [`Host: 127.0.0.1:${port}`, 'Expect: a-miracle', 'Connection: close'];
    expect(statusOf(await exchange(port, head('GET /healthz HTTP/1.1', ...headers)))).toBe(200);
  });
});
