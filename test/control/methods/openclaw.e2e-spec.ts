import { hostname } from 'node:os';

import { ControlMethodsModule, type ControlOptions } from '../../../src/index.js';
import { createApp } from '../../kit/app.js';
import { onCleanUp } from '../../kit/cleaner.js';
import { startControl } from '../../kit/control.js';
import { Operator } from '../../kit/operator.js';
import { tempFolder } from '../../kit/temp.js';
import { TOKEN } from '../../kit/token.js';

const number = expect.any(Number) as number;
const text = expect.any(String) as string;

async function openGateway(options: ControlOptions): Promise<Operator> {
  const { app, lock } = await createApp({
    lock: { protocol: 'openclaw', auth: { token: TOKEN } },
    imports: [ControlMethodsModule.forRoot(options)],
  });
  await app.init();
  return Operator.open(lock.url);
}

describe('a client of OpenClaw', () => {
  it('is told which start of which build it talks to, and that the gateway has brought no page', async () => {
    const identity = { version: '7.8.9' };
    const [one, two] = [await startControl({ lock: { identity } }), await startControl()];

    const operators = [await Operator.open(one.lock.url), await Operator.open(one.lock.url)];
    const other = await Operator.open(two.lock.url);

    const [first, second, third] = [...operators, other].map(({ hello }) => hello.server);
    expect(first).toMatchObject({
      version: '7.8.9',
      buildId: '7.8.9',
      bootId: text,
      controlUiBuildSource: 'configured',
    });
    expect(second?.bootId).toBe(first?.bootId);
    expect(third?.bootId).not.toBe(first?.bootId);
  });

  it.each<[method: string, params: object | undefined, payload: unknown]>([
    ['last-heartbeat', undefined, null],
    ['update.status', {}, { sentinel: null, updateAvailable: null }],
    ['diagnostics.lanes', {}, { ts: number, lanes: [], dynamic: null }],
    [
      'diagnostics.stability',
      { limit: 10 },
      { generatedAt: text, capacity: 0, count: 0, dropped: 0, events: [], summary: { byType: {} } },
    ],
    ['sessions.subscribe', { limit: 5 }, { subscribed: true, list: { ts: number, path: '', count: 0, sessions: [] } }],
    [
      'config.schema.lookup',
      { path: 'gateway.port' },
      {
        path: 'gateway.port',
        schema: { type: 'integer', minimum: 1, maximum: 65_535, description: 'the port' },
        reloadKind: 'restart',
        children: [],
      },
    ],
    [
      'config.schema.lookup',
      { path: '.' },
      {
        path: '.',
        schema: { type: 'object' },
        reloadKind: 'restart',
        children: [
          { key: 'gateway', path: 'gateway', type: 'object', required: false, hasChildren: true },
          { key: 'gatewayLock', path: 'gatewayLock', type: 'object', required: false, hasChildren: true },
        ],
      },
    ],
  ])('asks %s with %j', async (method, params, payload) => {
    const { lock } = await startControl();
    const operator = await Operator.open(lock.url);

    expect(await operator.call(method, params)).toMatchObject({ ok: true, payload });
  });

  it.each(['gateway.tls', 'gateway.port.more', '__proto__', 'gateway.constructor'])(
    'finds no key %s in the schema',
    async (path) => {
      const { lock } = await startControl();
      const operator = await Operator.open(lock.url);

      expect((await operator.call('config.schema.lookup', { path })).error).toEqual({
        code: 'INVALID_REQUEST',
        message: 'config schema path not found',
      });
    },
  );

  it('asks for the schema of all that config.get shows', async () => {
    const { lock } = await startControl();
    const operator = await Operator.open(lock.url);

    const { schema } = (await operator.call('config.schema')).payload as { schema: Schema };
    const { config } = (await operator.call('config.get')).payload as { config: object };

    expect(keysOf(schema)).toEqual(expect.arrayContaining(pathsOf(config)));
  });

  it('asks about the machine and the process', async () => {
    const { lock } = await startControl({ lock: { stateFolder: tempFolder() } });
    const operator = await Operator.open(lock.url);

    const { payload } = await operator.call('system.info');
    const { instanceId } = (await operator.call('gateway.identity')).payload as { instanceId: string };

    expect(payload).toMatchObject({
      hostname: hostname(),
      pid: process.pid,
      port: Number(new URL(lock.url).port),
      processInstanceId: instanceId,
      nodeVersion: process.version,
      processMemory: { rssBytes: number },
      diskTotalBytes: number,
      diskAvailableBytes: number,
    });
    expect(payload).not.toHaveProperty('eventLoop');
  });

  it('asks how busy the process was since it asked before', async () => {
    const { lock } = await startControl();
    const operator = await Operator.open(lock.url);
    await operator.call('system.info');
    const now = performance.now.bind(performance);
    const later = jest.spyOn(performance, 'now').mockImplementation(() => now() + 1_000);
    onCleanUp(() => later.mockRestore());

    const { payload } = await operator.call('system.info');

    expect(payload).toHaveProperty('eventLoop.cpuCoreRatio', number);
  });

  it('asks for the identity', async () => {
    const { lock } = await startControl();
    const operator = await Operator.open(lock.url);

    const card = (await operator.call('gateway.identity')).payload as { instanceId: string };

    expect((await operator.call('gateway.identity.get')).payload).toEqual({
      ...card,
      deviceId: card.instanceId,
      publicKey: null,
    });
  });

  it.each(['agent', 'chat.send', 'sessions.list', 'models.list', 'cron.status', 'set-heartbeats'])(
    'that asks %s is told that there are no agents',
    async (method) => {
      const { lock } = await startControl();
      const operator = await Operator.open(lock.url);

      expect((await operator.call(method)).error).toEqual({
        code: 'INVALID_REQUEST',
        message: `this gateway runs no agents: ${method}`,
        details: { code: 'NO_AGENTS', method },
      });
    },
  );

  it.each([
    ['config.set', 'this gateway does not write its configuration file'],
    ['update.run', 'this gateway does not update itself'],
  ])('that asks %s is told that %s', async (method, why) => {
    const { lock } = await startControl();
    const operator = await Operator.open(lock.url);

    expect((await operator.call(method)).error).toEqual({ code: 'INVALID_REQUEST', message: `${why}: ${method}` });
  });

  it.each(['nonsense', 'toString', 'agentless.call'])('that asks %s asks for what there is nowhere', async (method) => {
    const { lock } = await startControl();
    const operator = await Operator.open(lock.url);

    expect((await operator.call(method)).error).toEqual({
      code: 'INVALID_REQUEST',
      message: `unknown method: ${method}`,
    });
  });

  it('is seen by others as it calls itself, on one line', async () => {
    const { lock } = await startControl();
    const client = { id: 'cli', version: '1', platform: 'linux', mode: 'ui' };
    const named = { ...client, displayName: 'desk\u001b[2J', deviceFamily: 'Linux', instanceId: 'desk-1' };
    await Operator.open(lock.url, { params: { client } });
    const operator = await Operator.open(lock.url, { params: { client: named } });

    const [plain, entry] = (await operator.call('system-presence')).payload as [{ id: string }, object];

    expect(plain).toMatchObject({
      host: 'cli',
      instanceId: plain.id,
      reason: 'connect',
      text: 'cli (127.0.0.1) · cli 1 · mode ui',
    });
    expect(plain).not.toHaveProperty('deviceFamily');
    expect(entry).toMatchObject({
      deviceFamily: 'Linux',
      instanceId: 'desk-1',
      text: 'desk\ufffd[2J (127.0.0.1) · cli 1 · mode ui',
    });
  });
});

describe('logs.tail', () => {
  it('hands the query on', async () => {
    const tail = { file: 'log', cursor: 9, size: 9, lines: ['a line'], truncated: false, reset: false };
    const logTail = jest.fn(() => tail);
    const operator = await openGateway({ logTail });

    expect((await operator.call('logs.tail', { cursor: 3, limit: 5, maxBytes: 100 })).payload).toEqual(tail);
    expect(logTail).toHaveBeenCalledWith({ cursor: 3, limit: 5, maxBytes: 100 });
  });

  it('says so where the log is not kept', async () => {
    const { lock } = await startControl();
    const operator = await Operator.open(lock.url);

    expect((await operator.call('logs.tail')).error).toEqual({
      code: 'UNAVAILABLE',
      message: 'this gateway does not keep its log',
    });
  });

  it.each([{ limit: 0 }, { limit: 5_001 }, { cursor: -1 }, { maxBytes: 1_000_001 }, { limit: 'all' }])(
    'refuses %j',
    async (params) => {
      const operator = await openGateway({ logTail: () => fail() });

      expect((await operator.call('logs.tail', params)).error).toMatchObject({ details: { code: 'INVALID_PARAMS' } });
    },
  );
});

describe('gateway.restart.request', () => {
  it('hands the reason on, and answers in the shape that the command of OpenClaw prints', async () => {
    const restart = jest.fn(() => ({ status: 'scheduled' as const }));
    const operator = await openGateway({ restart });

    const { payload } = await operator.call('gateway.restart.request', { reason: 'an update', skipDeferral: true });

    expect(restart).toHaveBeenCalledWith('an update');
    expect(payload).toEqual({
      ok: true,
      status: 'scheduled',
      preflight: { safe: true, counts: { totalActive: 0 }, blockers: [], summary: 'safe to restart now' },
      restart: { ok: true, pid: process.pid, reason: 'an update', delayMs: 0, coalesced: false },
    });
  });

  it('says that an earlier one is on its way', async () => {
    const operator = await openGateway({ restart: () => ({ status: 'coalesced' }) });

    expect((await operator.call('gateway.restart.request')).payload).toMatchObject({
      status: 'coalesced',
      restart: { coalesced: true },
    });
  });

  it.each<[string, ControlOptions, string]>([
    ['that does not know how', {}, 'its program does not know how'],
    ['that cannot', { restart: () => ({ status: 'refused', because: 'it is too old' }) }, 'it is too old'],
  ])('is refused by a gateway %s, which goes on', async (_what, options, because) => {
    const operator = await openGateway(options);

    expect((await operator.call('gateway.restart.request')).error).toEqual({
      code: 'UNAVAILABLE',
      message: `this gateway cannot restart itself: ${because}`,
      details: { code: 'CANNOT_RESTART' },
    });
    expect(await operator.call('health')).toMatchObject({ ok: true });
  });

  it('needs operator.admin', async () => {
    const token = 'a-token-to-read-and-write';
    const { lock } = await startControl({
      lock: { auth: { tokens: [{ token, scopes: ['operator.read', 'operator.write'] }] } },
    });
    const operator = await Operator.open(lock.url, { token });

    expect((await operator.call('gateway.restart.request')).error?.details).toEqual({
      code: 'MISSING_SCOPE',
      scope: 'operator.admin',
    });
  });
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

function keysOf({ properties = {} }: Schema, prefix = ''): string[] {
  return Object.entries(properties).flatMap(([key, child]) => [prefix + key, ...keysOf(child, `${prefix}${key}.`)]);
}

function pathsOf(value: object, prefix = ''): string[] {
  return Object.entries(value).flatMap(([key, child]: [string, unknown]) => {
    const isGroup = typeof child === 'object' && child !== null && !Array.isArray(child);
    return [prefix + key, ...(isGroup ? pathsOf(child, `${prefix}${key}.`) : [])];
  });
}

function fail(): never {
  throw new Error('it was asked with params that do not fit');
}
