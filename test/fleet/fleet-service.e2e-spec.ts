import { FleetError, FleetLease, FleetLostError, type GatewayLockOptions } from '../../src/index.js';
import { FleetService } from '../../src/fleet/fleet.service.js';
import { FleetWatch } from '../../src/fleet/fleet-watch.js';
import { FLEET_DEFAULTS, FLEET_TIMING_DEFAULTS } from '../../src/options/fleet.options.js';
import { MetricsReport } from '../../src/control/metrics/metrics-report.js';
import { InputError } from '../../src/common/input.error.js';
import { createApp, httpUrl, startApp, type TestApp } from '../kit/app.js';
import { withDefaults } from '../../src/options/gateway-lock.options.js';
import { runHere } from '../kit/command.js';
import { onCleanUp } from '../kit/cleaner.js';
import { createControl } from '../kit/control.js';
import { until, within } from '../kit/deadline.js';
import { Gate } from '../kit/gate.js';
import { hookModule } from '../kit/hooks.js';
import { upgradeStatus } from '../kit/net.js';
import { freePort, isFree } from '../kit/ports.js';
import { fakeDatabase, FakeSession } from './fake-session.js';

const WAIT_MS = 20_000;
const SECRET = 'secret-of-the-database';
const FLEET = { name: 'office', url: `postgres://gateway:${SECRET}@127.0.0.1:5432/fleet` };
const STANDBY: GatewayLockOptions = { acquire: { wait: 'standby' }, fleet: FLEET };

/** A gateway that stands by, since another one has the lock. */
async function standingBy(
  session: FakeSession,
  lock: GatewayLockOptions = STANDBY,
  onStandby?: () => void,
): Promise<TestApp & { init: Promise<unknown> }> {
  session.isFree = false;
  const created = await createApp({ lock });
  created.lock.runBy({ onStandby });
  const init = created.app.init();
  init.catch(() => undefined);
  await until(WAIT_MS, 'the wait', () => session.asked.includes('wait') || session.asked.includes('destroy'));
  return { ...created, init };
}

describe('without a fleet', () => {
  it('the lease is always valid, its token is 0, and work on a database is one transaction', async () => {
    const { app } = await startApp();
    const lease = app.get(FleetLease);
    const statements: string[] = [];
    const client = { query: (text: string) => (statements.push(text), Promise.resolve({ rows: [] })) };

    lease.assert();
    const result = await lease.fenced(client, () => Promise.resolve(5));
    await lease.fenced(client, () => Promise.reject(new Error('no'))).catch(() => undefined);

    expect([lease.name, lease.token, lease.valid, lease.lost.aborted, result]).toEqual(['', 0n, true, false, 5]);
    expect(statements).toEqual(['begin', 'commit', 'begin', 'rollback']);
  });
});

describe('a standby of a fleet', () => {
  it('holds its port, answers probes and its card, and lets no client in', async () => {
    const session = new FakeSession();
    fakeDatabase(session);
    const told = jest.fn();
    const { lock } = await standingBy(session, STANDBY, told);

    expect(lock.phase).toBe('standby');
    expect(told).toHaveBeenCalledTimes(1);
    expect(await upgradeStatus(lock.url)).toBe(503);
    const card: unknown = await (await fetch(httpUrl(lock.url, '/.well-known/gateway'))).json();
    expect(card).toMatchObject({
      phase: 'standby',
      fleet: { name: 'office', role: 'standby', token: '0', active: null },
    });
    expect(JSON.stringify(card)).not.toContain(SECRET);
  });

  it('works as soon as the lock is granted to it', async () => {
    const session = new FakeSession();
    fakeDatabase(session);
    const { lock, init, app } = await standingBy(session);

    session.granted.open();
    await within(WAIT_MS, 'the takeover', init);

    expect([lock.phase, app.get(FleetLease).token, app.get(FleetLease).valid]).toEqual(['ready', 7n, true]);
  });

  it('that is told to stop gives up, and its port is free', async () => {
    const session = new FakeSession();
    fakeDatabase(session);
    const port = await freePort();
    const { app, init } = await standingBy(session, { ...STANDBY, port });

    await app.close();

    await expect(init).rejects.toThrow('the gateway was told to stop while it stood by');
    expect(session.asked).not.toContain('release');
    expect(session.asked).toContain('destroy');
    expect(await isFree(port)).toBe(true);
  });

  it.each([
    ['/startupz', 200],
    ['/readyz', 503],
    ['/readyz?standby=ok', 200],
  ])('of our own program answers %s with %i', async (path, status) => {
    const session = new FakeSession();
    session.isFree = false;
    fakeDatabase(session);
    const { app, lock } = await createControl({ lock: { ...STANDBY, fleet: { ...FLEET, url: () => FLEET.url } } });
    app.init().catch(() => undefined);
    await until(WAIT_MS, 'the wait', () => session.asked.includes('wait'));

    const response = await fetch(httpUrl(lock.url, path));

    expect([response.status, await response.json()]).toEqual([
      status,
      expect.objectContaining(path === '/readyz' ? { ready: false, failing: ['standby'] } : {}),
    ]);
  });

  it('waits for a database that is away', async () => {
    const session = new FakeSession();
    fakeDatabase(new FleetError('GATEWAY_FLEET_UNREACHABLE', 'nobody there'), session);

    const { lock } = await startApp({ lock: STANDBY });

    expect(lock.phase).toBe('ready');
  });

  it.each(['GATEWAY_FLEET_UNFIT', 'GATEWAY_FLEET_NOT_ALLOWED'] as const)(
    'fails at once where the database cannot keep a lock, or does not let it in: %s',
    async (code) => {
      fakeDatabase(new FleetError(code, 'no'));
      const { app } = await createApp({ lock: STANDBY });

      await expect(app.init()).rejects.toMatchObject({ code });
    },
  );
});

it('a fleet is in the metrics: who is active, its token, and how old its last heartbeat is', async () => {
  const session = new FakeSession();
  fakeDatabase(session);
  const { app, init } = await standingBy(session);
  const metrics = app.get(MetricsReport);
  expect(metrics.text()).toContain('gateway_fleet_active{fleet="office"} 0\n');
  expect(metrics.text()).not.toContain('gateway_fleet_heartbeat_age_seconds{');
  expect(metrics.text()).toContain('gateway_fleet_connects_total{fleet="office",outcome="ok"} 1\n');
  expect(metrics.text()).toContain('gateway_fleet_relayed_clients{fleet="office"} 0\n');

  session.granted.open();
  await within(WAIT_MS, 'the takeover', init);

  expect(metrics.text()).toContain('gateway_fleet_active{fleet="office"} 1\n');
  expect(metrics.text()).toContain('gateway_fleet_token{fleet="office"} 7\n');
  expect(metrics.text()).toMatch(/^gateway_fleet_heartbeat_age_seconds\{fleet="office"\} \d/m);
});

describe('a gateway that does not wait', () => {
  const holder = {
    host: 'gw1',
    pid: 4711,
    version: '0.2.0',
    token: 6n,
    url: 'wss://gw1.example:8443',
    since: Date.now(),
    answers: true,
    isHeld: true,
    isStranger: false,
  } as const;

  it.each([
    [holder, 'GATEWAY_FLEET_IN_USE', 'another gateway is already active in fleet office (wss://gw1.example:8443)'],
    [{ ...holder, url: null }, 'GATEWAY_FLEET_IN_USE', 'another gateway is already active in fleet office (host gw1)'],
    [{ ...holder, isStranger: true }, 'GATEWAY_FLEET_STRANGER', 'another program holds the lock of fleet office'],
    [undefined, 'GATEWAY_FLEET_STRANGER', 'another program holds the lock of fleet office'],
  ])('is refused, and says by whom (%#)', async (found, code, message) => {
    const session = new FakeSession();
    session.isFree = false;
    session.holder = found;
    fakeDatabase(session);
    const { app } = await createApp({ lock: { fleet: FLEET } });

    const refusal: unknown = await app.init().catch((error: unknown) => error);

    expect(refusal).toMatchObject({ code, message: expect.stringContaining(message) as string });
  });

  it('is refused where the database is away', async () => {
    fakeDatabase(Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' }));
    const { app } = await createApp({ lock: { fleet: FLEET } });

    await expect(app.init()).rejects.toMatchObject({
      code: 'GATEWAY_FLEET_UNREACHABLE',
      message: "the fleet's database cannot be used, gateway@127.0.0.1:5432/fleet: connect ECONNREFUSED 127.0.0.1:5432",
    });
  });
});

describe('the active gateway', () => {
  it.each([
    ['its machine was suspended', 'sinceBoot'],
    ['its clock was set', 'wall'],
  ] as const)('that sees that %s works on only when the next heartbeat is answered', async (_what, clock) => {
    const ahead = { sinceBoot: 0, wall: 0 };
    const watch = new FleetWatch({
      monotonic: () => performance.now(),
      sinceBoot: () => performance.now() + ahead.sinceBoot,
      wall: () => performance.now() + ahead.wall,
    });
    const session = new FakeSession();
    fakeDatabase(session);
    const onLost = jest.fn();
    const service = new FleetService({
      settings: { ...FLEET, ...FLEET_DEFAULTS, timing: FLEET_TIMING_DEFAULTS },
      wait: 'standby',
      member: { fleet: 'office', instance: 'one', host: 'gw1', version: '1.0.0', advertise: undefined },
      maxConnections: 0,
      watch,
    });
    onCleanUp(() => service.release());
    await service.activate(new AbortController().signal, { onLost, onYield: () => undefined });
    const answers = new Gate();
    session.answers = answers.opened;
    expect([service.valid, session.asked]).toEqual([true, expect.not.arrayContaining(['heartbeat'])]);

    ahead[clock] = 20_000;

    expect([service.valid, session.asked.at(-1)]).toEqual([false, 'heartbeat']);
    answers.open();
    await until(WAIT_MS, 'the answer', () => service.valid);
    expect(onLost).not.toHaveBeenCalled();
  });

  it('is lost as soon as its session ends, begins to stop, and never tries again', async () => {
    const session = new FakeSession();
    const open = fakeDatabase(session);
    const { app, lock } = await startApp({ lock: STANDBY });
    const lease = app.get(FleetLease);
    const reasons: unknown[] = [];
    lease.lost.addEventListener('abort', () => reasons.push(lease.lost.reason));

    session.end('the database has closed the connection');
    const { cause } = await within(WAIT_MS, 'the loss', lock.lost);

    expect(cause).toBeInstanceOf(FleetLostError);
    expect(cause?.message).toBe('lost fleet office: the database has closed the connection');
    expect(reasons).toEqual([cause]);
    expect([lease.valid, lock.phase]).toEqual([false, 'draining']);
    expect(() => lease.assert()).toThrow(FleetLostError);
    await app.close();
    expect(open).toHaveBeenCalledTimes(1);
    expect(session.asked).not.toContain('release');
  });

  it('is lost when the database has not answered for as long as its lease', async () => {
    const session = new FakeSession();
    session.answers = new Promise(() => undefined);
    fakeDatabase(session);
    const timing = { heartbeatMs: 20, leaseMs: 200, sessionMs: 2_200 };
    const { lock, app } = await startApp({ lock: { ...STANDBY, fleet: { ...FLEET, timing } } });

    const { cause } = await within(WAIT_MS, 'the loss', lock.lost);

    expect(cause?.message).toBe('lost fleet office: the database has not answered for 0.2 s');
    expect(app.get(FleetLease).valid).toBe(false);
  });

  it('that is lost and hangs at its end is reported at once, and not at the deadline of an ordinary shutdown', async () => {
    const session = new FakeSession();
    fakeDatabase(session);
    const over = new Gate();
    const hanging = hookModule({ onModuleDestroy: () => over.opened });
    const { app, lock } = await startApp({ imports: [hanging], lock: { ...STANDBY, shutdownDeadlineMs: 3_600_000 } });

    session.end('it was ended');
    await within(WAIT_MS, 'the loss', lock.lost);
    const closed = app.close();

    expect(await within(WAIT_MS, 'the report', lock.overdue)).toBe('onModuleDestroy');
    over.open();
    await closed;
  });

  it('that is lost while it stops has no more time to stop either', async () => {
    const session = new FakeSession();
    fakeDatabase(session);
    const over = new Gate();
    const stopping = new Gate();
    const hanging = hookModule({ beforeApplicationShutdown: () => (stopping.open(), over.opened) });
    const { app, lock } = await startApp({ imports: [hanging], lock: { ...STANDBY, shutdownDeadlineMs: 3_600_000 } });
    const closed = app.close();
    await within(WAIT_MS, 'the shutdown', stopping.opened);

    session.end('it was ended');

    expect(await within(WAIT_MS, 'the report', lock.overdue)).toBe('beforeApplicationShutdown');
    over.open();
    await closed;
  });

  it('says that it has released only when every other module has stopped', async () => {
    const session = new FakeSession();
    fakeDatabase(session);
    let asked: string[] = [];
    const last = hookModule({ onApplicationShutdown: () => (asked = [...session.asked]) });
    const { app } = await startApp({ imports: [last], lock: STANDBY });

    await app.close();

    expect(asked).not.toContain('release');
    expect(session.asked).toContain('release');
  });
});

it.each([
  ['--port', '18789'],
  ['--token', 'a-token-of-this-length'],
])('status --fleet takes no %s', async (flag, value) => {
  const env = { OPENCLAW_FLEET_URL: FLEET.url };

  const { code, stderr } = await runHere(['gateway', 'status', '--fleet', 'office', flag, value], env);

  expect(code).toBe(64);
  expect(stderr).toMatch(new RegExp(`^${flag} means nothing here: .*since --fleet is about all hosts`));
});

describe('the options of a fleet', () => {
  it('let in clients that other hosts pass on to the advertised name', () => {
    const hosts = (advertise?: string): readonly string[] =>
      withDefaults({ callers: { hosts: ['gw'] }, fleet: { ...FLEET, ...(advertise !== undefined && { advertise }) } })
        .callers.hosts;

    expect([hosts('wss://gw1.example:8443'), hosts('wss://gw1.example'), hosts('no url'), hosts()]).toEqual([
      ['gw', 'gw1.example:8443'],
      ['gw', 'gw1.example'],
      ['gw'],
      ['gw'],
    ]);
  });

  it.each([
    [{ name: 'Office' }, /^fleet\.name: "Office" is not a name of a fleet/],
    [{ url: `http://gateway:${SECRET}@db/fleet` }, /^fleet\.url: this is no database URL/],
    [{ advertise: 'ws://gw1.example:80' }, /^fleet\.advertise: "ws:\/\/gw1\.example:80" is not where/],
    [{ timing: { heartbeatMs: 5_000 } }, /^fleet\.timing: leaseMs 10000 has no room for three heartbeats of 5000/],
    [{ timing: { leaseMs: 14_500 } }, /^fleet\.timing: sessionMs 15000 is not 2000 more than leaseMs 14500/],
    [{ strict: 'yes' as unknown as boolean }, /^fleet\.strict: "yes" is a string/],
    [{ url: 5 as unknown as string }, /^fleet\.url: 5 cannot be used: give a string/],
  ])('%j is refused', async (wrong, message) => {
    const refusal: unknown = await createApp({ lock: { fleet: { ...FLEET, ...wrong } } }).catch(
      (error: unknown) => error,
    );

    expect(refusal).toBeInstanceOf(InputError);
    expect((refusal as Error).message).toMatch(message);
    expect((refusal as Error).message).not.toContain(SECRET);
  });
});
