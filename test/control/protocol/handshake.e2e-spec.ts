import { startControl } from '../../kit/control.js';
import { Client } from '../../kit/net.js';
import { ABOUT, connectOf, isResponse, Operator } from '../../kit/operator.js';
import { TOKEN } from '../../kit/token.js';

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;
const AUTH = { token: TOKEN };
/** How long the first message may be, in bytes. */
const LIMIT = 64 * 1024;

describe('a client that connects', () => {
  it('is challenged at once, with an event that has no number', async () => {
    const { lock } = await startControl();

    const client = await Client.open(lock.url);

    expect(await client.next()).toEqual({
      type: 'event',
      event: 'connect.challenge',
      payload: { nonce: expect.stringMatching(UUID) as string, ts: expect.any(Number) as number },
    });
  });

  it('is told all of hello-ok', async () => {
    const { lock } = await startControl({
      lock: {
        identity: { version: '7.8.9' },
        ws: { maxPayloadBytes: 100_000, maxBufferedBytes: 200_000 },
        clients: { tickIntervalMs: 12_345 },
      },
    });
    const number = expect.any(Number) as number;
    const uuid = expect.stringMatching(UUID) as string;
    const connId = uuid;

    const { hello } = await Operator.open(lock.url);

    // Nest 11 finds the gateway classes of a module in another order.
    (hello.features.methods as string[]).sort();
    expect(hello).toEqual({
      type: 'hello-ok',
      protocol: 4,
      server: { version: '7.8.9', connId, bootId: uuid, buildId: '7.8.9', controlUiBuildSource: 'configured' },
      features: {
        methods: [
          'health',
          'status',
          'system-presence',
          'config.get',
          'gateway.identity',
          'gateway.handover',
          'gateway.shutdown',
          'gateway.restart.request',
          'gateway.clients',
          'gateway.metrics',
          'last-heartbeat',
          'system.info',
          'gateway.identity.get',
          'update.status',
          'config.schema',
          'config.schema.lookup',
          'diagnostics.stability',
          'diagnostics.lanes',
          'sessions.subscribe',
          'logs.tail',
        ].sort(),
        events: ['connect.challenge', 'tick', 'presence', 'health', 'shutdown'],
      },
      snapshot: {
        presence: [
          {
            id: connId,
            clientId: 'test',
            version: '1.0.0',
            platform: 'test',
            mode: 'backend',
            ip: '127.0.0.1',
            ts: number,
            host: 'test',
            instanceId: uuid,
            reason: 'connect',
            text: 'test (127.0.0.1) · test 1.0.0 · mode backend',
          },
        ],
        health: { ok: true, ts: number, durationMs: 0, clients: 1 },
        stateVersion: { presence: number, health: number },
        uptimeMs: number,
      },
      auth: { role: 'operator', scopes: ['operator.read', 'operator.write', 'operator.admin'] },
      policy: { maxPayload: 100_000, maxBufferedBytes: 200_000, tickIntervalMs: 12_345 },
    });
  });

  it.each([
    [3, 3, 3],
    [3, 4, 4],
    [4, 4, 4],
    [1, 3, 3],
    [4, 9, 4],
  ])('that speaks versions %d to %d is spoken to in version %d', async (minProtocol, maxProtocol, spoken) => {
    const { lock } = await startControl();

    const { hello } = await Operator.open(lock.url, { params: { minProtocol, maxProtocol } });

    expect(hello.protocol).toBe(spoken);
  });

  it('may say more of itself than the gateway knows', async () => {
    const { lock } = await startControl();
    const client = { ...ABOUT.client, mood: 'good' };
    const params = {
      client,
      device: { id: 1 },
      role: 'king',
      caps: ['fly'],
      scopes: 'all',
      locale: 'en',
      future: [{}],
    };

    const { hello } = await Operator.open(lock.url, { params });

    expect(hello.protocol).toBe(4);
  });

  it('is granted what its token may do, whatever it claims', async () => {
    const token = 'a-token-to-read';
    const { lock } = await startControl({ lock: { auth: { tokens: [{ token, scopes: ['operator.read'] }] } } });

    const { hello } = await Operator.open(lock.url, { token, params: { scopes: ['operator.admin'], role: 'admin' } });

    expect(hello.auth).toEqual({ role: 'operator', scopes: ['operator.read'] });
  });

  it('may call its token a password', async () => {
    const { lock } = await startControl();

    const { hello } = await Operator.open(lock.url, { params: { auth: { password: TOKEN } } });

    expect(hello.auth.scopes).toContain('operator.read');
  });

  it.each(['/', '/ws', '/deep/er/?query=1'])('is served on %s as on any path', async (path) => {
    const { lock } = await startControl();

    const operator = await Operator.open(lock.url + path);

    expect((await operator.call('health')).ok).toBe(true);
  });

  it('need not wait for the verdict: what it asked before is answered after it, in order', async () => {
    const { lock } = await startControl();
    const client = await Client.open(lock.url);

    client.send({ type: 'req', id: 'connect', method: 'connect', params: { ...ABOUT, auth: AUTH } });
    client.send({ type: 'req', id: 'first', method: 'health' });
    client.send({ type: 'req', id: 'second', method: 'no.such' });

    const ids = new Set<string>();
    while (ids.size < 3) ids.add((await client.take(isResponse)).id);
    expect([...ids][0]).toBe('connect');
    expect([...ids].sort()).toEqual(['connect', 'first', 'second']);
  });

  it('may use all of the 64 KiB of its first message', async () => {
    const { lock } = await startControl();
    const client = await Client.open(lock.url);

    client.send(connectOf(LIMIT));

    expect((await client.take(isResponse)).ok).toBe(true);
  });
});
