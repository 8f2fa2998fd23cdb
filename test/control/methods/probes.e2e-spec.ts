import { setImmediate as turn } from 'node:timers/promises';

import { Logger } from '@nestjs/common';

import { httpUrl } from '../../kit/app.js';
import { onCleanUp } from '../../kit/cleaner.js';
import { createControl, startControl } from '../../kit/control.js';
import { Gate } from '../../kit/gate.js';
import { hookModule } from '../../kit/hooks.js';
import { Client } from '../../kit/net.js';
import { knock, Operator } from '../../kit/operator.js';
import { TOKEN } from '../../kit/token.js';

const PROBES = ['/healthz', '/health', '/startupz', '/startup', '/readyz', '/ready'];
const AUTHORIZED = { headers: { Authorization: `Bearer ${TOKEN}` } };
const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' };

function headersOf(response: Response): object {
  return Object.fromEntries(Object.keys(HEADERS).map((name) => [name, response.headers.get(name)]));
}

describe('a probe', () => {
  it.each(['/healthz', '/health'])('%s says that the gateway lives', async (path) => {
    const { lock } = await startControl();

    const response = await fetch(httpUrl(lock.url, path));

    expect([response.status, await response.json()]).toEqual([200, { ok: true, status: 'live' }]);
  });

  it.each(['/readyz', '/ready'])('%s says that the gateway serves', async (path) => {
    const { lock } = await startControl();

    const response = await fetch(httpUrl(lock.url, path));

    const uptimeMs = expect.any(Number) as number;
    expect([response.status, await response.json()]).toEqual([200, { ready: true, failing: [], uptimeMs }]);
  });

  it.each(['/startupz', '/startup'])('%s says that the gateway has started', async (path) => {
    const { lock } = await startControl();

    const response = await fetch(httpUrl(lock.url, path));

    const uptimeMs = expect.any(Number) as number;
    expect([response.status, await response.json()]).toEqual([200, { ok: true, status: 'started', uptimeMs }]);
  });

  it.each(PROBES)('%s answers HEAD as GET, without a body', async (path) => {
    const { lock } = await startControl();

    const response = await fetch(httpUrl(lock.url, path), { method: 'HEAD' });

    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  it.each([...PROBES, '/metrics', '/.well-known/gateway'])(
    '%s is of the moment, and never for a browser',
    async (path) => {
      const { lock } = await startControl();

      for (const method of ['GET', 'POST']) {
        expect(headersOf(await fetch(httpUrl(lock.url, path), { ...AUTHORIZED, method }))).toEqual(HEADERS);
      }
    },
  );

  it.each([...PROBES, '/metrics', '/.well-known/gateway'])('%s is for reading', async (path) => {
    const { lock } = await startControl();

    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await fetch(httpUrl(lock.url, path), { method });
      expect([method, status, headers.get('allow')?.startsWith('GET')]).toEqual([method, 405, true]);
    }
  });

  it('is not served on a path that is only like one', async () => {
    const { lock } = await startControl();

    for (const path of ['/healthz/', '/Healthz', '/healthz/x', '//healthz', '/%68ealthz']) {
      expect((await fetch(httpUrl(lock.url, path))).status).toBe(404);
    }
    expect((await fetch(httpUrl(lock.url, '/healthz?query=1'))).status).toBe(200);
  });
});

describe('readiness', () => {
  it('fails while the gateway starts, and liveness does not', async () => {
    const entered = new Gate();
    const resumed = new Gate();
    const slow = hookModule({
      onApplicationBootstrap: () => {
        entered.open();
        return resumed.opened;
      },
    });
    const { app, lock } = await createControl({ imports: [slow] });
    const init = app.init();
    await entered.opened;

    const response = await fetch(httpUrl(lock.url, '/readyz'));

    expect([response.status, await response.json()]).toMatchObject([503, { ready: false, failing: ['starting'] }]);
    expect((await fetch(httpUrl(lock.url, '/healthz'))).status).toBe(200);
    resumed.open();
    await init;
    expect((await fetch(httpUrl(lock.url, '/readyz'))).status).toBe(200);
  });

  it('fails while the gateway stops, and liveness does not', async () => {
    const { lock } = await startControl();
    await lock.beginShutdown();

    const response = await fetch(httpUrl(lock.url, '/readyz'));

    expect([response.status, await response.json()]).toMatchObject([503, { ready: false, failing: ['draining'] }]);
    expect((await fetch(httpUrl(lock.url, '/healthz'))).status).toBe(200);
  });
});

describe('the metrics', () => {
  it.each([
    ['without a token', undefined, 'token missing'],
    ['with a wrong token', 'Bearer a-wrong-token', 'token mismatch'],
    ['with a token that is not called so', `Basic ${TOKEN}`, 'token missing'],
    ['with two words', `Bearer ${TOKEN} ${TOKEN}`, 'token missing'],
  ])('are not shown %s, and the log says so', async (_how, authorization, reason) => {
    const { lock } = await startControl();
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    onCleanUp(() => warn.mockRestore());

    const response = await fetch(httpUrl(lock.url, '/metrics'), {
      headers: authorization === undefined ? {} : { Authorization: authorization },
    });

    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(await response.text()).not.toContain('gateway_');
    expect(warn).toHaveBeenCalledWith(
      `refused a request from 127.0.0.1: ${reason}: /metrics (Authorization: Bearer <token> would allow it)`,
    );
  });

  it('are not shown to a token that may not read', async () => {
    const token = 'a-token-for-nothing';
    const { lock } = await startControl({ lock: { auth: { tokens: [{ token, scopes: ['operator.write'] }] } } });

    const response = await fetch(httpUrl(lock.url, '/metrics'), { headers: { Authorization: `Bearer ${token}` } });

    expect(response.status).toBe(401);
  });

  it('count what happened on the port, and hold no token', async () => {
    const { lock } = await startControl();
    const operator = await Operator.open(lock.url);
    await operator.call('health');
    await operator.call('health');
    await operator.call('gateway.shutdown', { reason: 7 });
    await operator.call('made.up.by.a.client');
    await knock(await Client.open(lock.url), {}).catch(() => undefined);
    await fetch(httpUrl(lock.url, '/healthz'), { headers: { Origin: 'https://elsewhere.example' } });

    const response = await fetch(httpUrl(lock.url, '/metrics'), AUTHORIZED);
    const text = await response.text();

    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const lines = text.split('\n');
    for (const line of [
      'gateway_clients 1',
      'gateway_phase{phase="ready"} 1',
      'gateway_phase{phase="draining"} 0',
      'gateway_requests_total{method="health",outcome="ok"} 2',
      'gateway_requests_total{method="gateway.shutdown",outcome="error"} 1',
      'gateway_requests_total{method="unknown",outcome="error"} 1',
      'gateway_request_duration_seconds_count{method="health"} 2',
      'gateway_request_duration_seconds_bucket{method="health",le="+Inf"} 2',
      'gateway_handshake_failures_total{reason="token missing"} 1',
      'gateway_refused_total{reason="origin not allowed"} 1',
    ]) {
      expect(lines).toContain(line);
    }
    expect(text).not.toContain(TOKEN);
    expect(text).not.toContain('made.up');
  });

  it('have every delay of the event loop, however often they are asked for', async () => {
    const { lock } = await startControl();
    const ask = async (): Promise<string> => (await fetch(httpUrl(lock.url, '/metrics'), AUTHORIZED)).text();
    const sample = (text: string, labels: string): number =>
      Number(new RegExp(`^gateway_event_loop_delay_seconds_${labels} (\\S+)$`, 'm').exec(text)?.[1]);
    const longDelays = (text: string): number => sample(text, 'count') - sample(text, 'bucket\\{le="0.5"\\}');
    await ask();

    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
    await turn();

    expect(longDelays(await ask())).toBe(1);
    expect(longDelays(await ask())).toBe(1);
  });

  it('are the same when they are asked for again', async () => {
    const { lock } = await startControl();
    const operator = await Operator.open(lock.url);
    await operator.call('health');
    const counted = 'gateway_requests_total{method="health",outcome="ok"} 1';

    const ask = async (): Promise<string> => (await fetch(httpUrl(lock.url, '/metrics'), AUTHORIZED)).text();
    expect(await ask()).toContain(counted);
    expect(await ask()).toContain(counted);
  });
});
