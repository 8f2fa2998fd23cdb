import { httpUrl } from '../../kit/app.js';
import { startControl } from '../../kit/control.js';
import { Operator } from '../../kit/operator.js';
import { TOKEN } from '../../kit/token.js';

const number = expect.any(Number) as number;

describe('a method that every gateway has', () => {
  it('health', async () => {
    const { lock } = await startControl();
    const operator = await Operator.open(lock.url);

    expect((await operator.call('health')).payload).toEqual({ ok: true, ts: number, durationMs: 0, clients: 1 });
  });

  it('status', async () => {
    const { lock } = await startControl({ lock: { identity: { version: '7.8.9', profile: 'work' } } });
    const operator = await Operator.open(lock.url);

    expect((await operator.call('status')).payload).toMatchObject({
      runtimeVersion: '7.8.9',
      profile: 'work',
      pid: process.pid,
      phase: 'ready',
      url: lock.url,
      addresses: lock.addresses.map(({ url }) => url),
      uptimeMs: number,
      clients: 1,
    });
  });

  it('system-presence', async () => {
    const { lock } = await startControl();
    const operator = await Operator.open(lock.url);

    expect((await operator.call('system-presence')).payload).toEqual([
      expect.objectContaining({ clientId: 'test', version: '1.0.0', platform: 'test', mode: 'backend', ts: number }),
    ]);
  });

  it('system-presence, of the hundred that came last', async () => {
    const { lock } = await startControl();
    const operators: Operator[] = [];
    while (operators.length < 102) {
      const about = { id: `client ${operators.length}`, version: '1', platform: 'test', mode: 'ui' };
      operators.push(await Operator.open(lock.url, { params: { client: about } }));
    }

    const { payload } = (await operators[0]?.call('system-presence')) ?? {};

    expect((payload as { clientId: string }[]).map(({ clientId }) => clientId)).toEqual(
      Array.from({ length: 100 }, (_, index) => `client ${index + 2}`),
    );
  });

  it('config.get, with nothing secret in it', async () => {
    const further = 'a-further-token';
    const { lock } = await startControl({
      lock: { auth: { token: TOKEN, tokens: [{ token: further, scopes: ['operator.read'] }] } },
    });
    const operator = await Operator.open(lock.url);

    const { payload } = await operator.call('config.get');

    const port = Number(new URL(lock.url).port);
    const config = {
      gateway: { port, bind: 'localhost', auth: { mode: 'token' } },
      gatewayLock: { allowHosts: [], allowOrigins: [] },
    };
    expect(payload).toEqual({ path: null, exists: false, valid: true, config, issues: [] });
    expect(JSON.stringify(payload)).not.toMatch(new RegExp(`${TOKEN}|${further}`));
  });

  it('gateway.identity, which is the card of its port', async () => {
    const { lock } = await startControl();
    const operator = await Operator.open(lock.url);

    const card = await (await fetch(httpUrl(lock.url, '/.well-known/gateway'))).json();

    expect((await operator.call('gateway.identity')).payload).toEqual(card);
  });

  it.each([
    'health',
    'status',
    'system-presence',
    'config.get',
    'gateway.identity',
    'gateway.clients',
    'gateway.metrics',
  ])('%s needs operator.read', async (method) => {
    const token = 'a-token-for-nothing';
    const { lock } = await startControl({ lock: { auth: { tokens: [{ token, scopes: [] }] } } });
    const operator = await Operator.open(lock.url, { token });

    expect((await operator.call(method)).error?.details).toEqual({ code: 'MISSING_SCOPE', scope: 'operator.read' });
  });
});

describe('an end of the gateway', () => {
  it.each(['gateway.shutdown', 'gateway.handover'])('by %s needs operator.admin', async (method) => {
    const token = 'a-token-to-read-and-write';
    const { lock } = await startControl({
      lock: { auth: { tokens: [{ token, scopes: ['operator.read', 'operator.write'] }] } },
    });
    const operator = await Operator.open(lock.url, { token });

    expect((await operator.call(method)).error?.details).toEqual({
      code: 'MISSING_SCOPE',
      scope: 'operator.admin',
    });
    expect(lock.phase).toBe('ready');
  });
});

describe('gateway.shutdown', () => {
  it('answers, tells all clients why and for how long, and then closes them', async () => {
    const { lock } = await startControl();
    const [caller, other] = [await Operator.open(lock.url), await Operator.open(lock.url)];
    const notice = { reason: 'an update', restartExpectedMs: 3_000 };

    expect(await caller.call('gateway.shutdown', notice)).toMatchObject({ ok: true, payload: { ok: true } });

    expect((await other.event('shutdown')).payload).toEqual(notice);
    expect((await caller.event('shutdown')).payload).toEqual(notice);
    expect((await caller.close()).code).toBe(1012);
    expect((await other.close()).code).toBe(1012);
    expect(await lock.stopping).toEqual(notice);
  });

  it('without params is a stop for good', async () => {
    const { lock } = await startControl();
    const operator = await Operator.open(lock.url);

    await operator.call('gateway.shutdown');

    expect((await operator.event('shutdown')).payload).toEqual({
      reason: 'an operator asked for it',
      restartExpectedMs: null,
    });
    expect((await operator.close()).code).toBe(1001);
  });

  it.each([
    [{ reason: '' }, 'reason'],
    [{ reason: 'x'.repeat(201) }, 'reason'],
    [{ restartExpectedMs: -1 }, 'restartExpectedMs'],
    [{ restartExpectedMs: 3_600_001 }, 'restartExpectedMs'],
    [{ restartExpectedMs: '5' }, 'restartExpectedMs'],
  ])('with %j stops nothing', async (params, path) => {
    const { lock } = await startControl();
    const operator = await Operator.open(lock.url);

    expect((await operator.call('gateway.shutdown', params)).error).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { code: 'INVALID_PARAMS', issues: [{ path }] },
    });
    expect(lock.phase).toBe('ready');
  });
});

describe('gateway.handover', () => {
  it('is passed on with its timeout to what runs the app, and answers when that has begun', async () => {
    const { lock } = await startControl();
    const handover = jest.fn(() => Promise.resolve());
    lock.runBy({ handover });
    const operator = await Operator.open(lock.url);

    expect(await operator.call('gateway.handover', { timeoutMs: 1_234 })).toMatchObject({ payload: { ok: true } });
    expect(handover.mock.calls).toEqual([[1_234]]);
    expect((await operator.call('health')).ok).toBe(true);
  });

  it('says why it could not begin, with the exit code for the command that asks', async () => {
    const { lock } = await startControl();
    const ended = Object.assign(new Error('the new gateway ended with 64'), { exitCode: 64 });
    lock.runBy({ handover: () => Promise.reject(ended) });
    const operator = await Operator.open(lock.url);

    expect((await operator.call('gateway.handover')).error).toEqual({
      code: 'UNAVAILABLE',
      message: 'the new gateway ended with 64',
      details: { exitCode: 64 },
    });
  });

  it('is not there in an app that ends and starts by other means', async () => {
    const { lock } = await startControl();
    const operator = await Operator.open(lock.url);

    expect((await operator.call('gateway.handover')).error).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'this app is not run by runGateway',
    });
  });
});
