import { startControlApp, type ListeningControlApp } from '../../kit/control-app.js';
import { exchange, head, statusOf, UPGRADE } from '../../kit/raw-http.js';
import { TOKEN } from '../../kit/token.js';

const REFUSAL = /^X-Refusal: (.*)\r$/im;
const own = ({ port }: ListeningControlApp): string => `Host: 127.0.0.1:${port}`;

describe('every refusal', () => {
  it.each<[what: string, text: (app: ListeningControlApp) => string, status: number, reason: string]>([
    ['a foreign host', () => head('GET /healthz HTTP/1.1', 'Host: evil.example'), 403, 'host not allowed'],
    ['an upgrade to one', () => head('GET / HTTP/1.1', 'Host: evil.example', ...UPGRADE), 403, 'host not allowed'],
    [
      'a foreign origin',
      (app) => head('GET /healthz HTTP/1.1', own(app), 'Origin: https://evil.example'),
      403,
      'origin not allowed',
    ],
    [
      'an embedded request',
      (app) => head('GET /healthz HTTP/1.1', own(app), 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Dest: image'),
      403,
      'origin not allowed',
    ],
    ['no host', () => head('GET /healthz HTTP/1.1'), 400, 'no host named'],
    ['no host over HTTP/1.0', () => head('GET /healthz HTTP/1.0'), 403, 'no host named'],
    ['CONNECT', (app) => head(`CONNECT 127.0.0.1:${app.port} HTTP/1.1`, own(app)), 405, 'CONNECT is not served'],
    [
      'CONNECT elsewhere',
      () => head('CONNECT evil.example:443 HTTP/1.1', 'Host: evil.example:443'),
      403,
      'host not allowed',
    ],
    ['HTTP/1.0', (app) => head('GET / HTTP/1.0', own(app), ...UPGRADE), 400, 'a WebSocket needs HTTP/1.1'],
    ['rubbish', () => '\x16\x03\x01\x02\x00', 400, 'not an HTTP request'],
  ])('(%s) names its rule in a header, and is counted', async (_what, text, status, reason) => {
    const app = await startControlApp();

    const answer = await exchange(app.port, text(app));

    expect(statusOf(answer)).toBe(status);
    expect(REFUSAL.exec(answer)?.[1]).toBe(reason);
    const metrics = await fetch(`http://127.0.0.1:${app.port}/metrics`, {
      headers: { Authorization: `Bearer ${TOKEN}` },
    });
    expect(await metrics.text()).toContain(`gateway_refused_total{reason="${reason}"} 1`);
  });

  it('of a host or an origin is logged with its value on one line, and with the flag that allows it', async () => {
    const app = await startControlApp();
    const lines: string[] = [];
    app.app.useLogger({ log: () => undefined, error: () => undefined, warn: (line: string) => lines.push(line) });
    const long = `evil\x9b31m${'x'.repeat(200)}`;

    await exchange(app.port, head('GET /healthz HTTP/1.1', 'Host: evil.example:99'));
    await exchange(app.port, head('GET /healthz HTTP/1.1', own(app), `Origin: https://${long}`));

    expect(lines).toEqual([
      'refused a request from 127.0.0.1: host not allowed: evil.example:99 (callers.hosts, or --allow-host, would allow it)',
      expect.stringMatching(
        /^refused a request from 127\.0\.0\.1: origin not allowed: https:\/\/evil\ufffd31mx{20,64} \(callers\.origins, or --allow-origin, would allow it\)$/,
      ),
    ]);
  });

  it('is not a part of an answer to an admitted request', async () => {
    const app = await startControlApp();
    const answer = await exchange(app.port, head('GET /healthz HTTP/1.1', own(app), 'Connection: close'));
    expect(statusOf(answer)).toBe(200);
    expect(answer).not.toMatch(REFUSAL);
  });
});
