import { inspect } from 'node:util';

import { statusOfFleet } from '../../src/cli/fleet-reports.js';
import { FleetError, FleetLostError } from '../../src/index.js';
import { httpUrl, type AppParts } from '../kit/app.js';
import { runHere } from '../kit/command.js';
import { until, within } from '../kit/deadline.js';
import { Gate } from '../kit/gate.js';
import { hookModule } from '../kit/hooks.js';
import { upgradeStatus } from '../kit/net.js';
import { describeWithPostgres, postgresOfSpec } from '../kit/postgres.js';
import { cutOffTests } from './cut-off-tests.js';
import { membersOf, SHORT, WAIT_MS } from './members.js';
import { plannedTests } from './planned-tests.js';
import { refusalTests } from './refusal-tests.js';

// Some wait for the end of sessions and leases, and start a server again, on a machine that may be busy.
jest.setTimeout(120_000);

/** Answers with a row when the replica knows of a holder. */
const SENT = 'select 1 from openclaw.fleet';
/** The first line of its status. */
const HELD = /^fleet office in postgres@127\.0\.0\.1:\d+\/fleet_\d+: held by gateway /;

describeWithPostgres('a fleet', () => {
  const postgres = postgresOfSpec();

  const { member, active, standby, waiters, client } = membersOf(postgres);

  it('has one active gateway; another stands by with its port served, and takes over', async () => {
    const url = await postgres().database();
    const worked: string[] = [];
    const work = (name: string): AppParts => ({
      imports: [hookModule({ onApplicationBootstrap: () => worked.push(name) })],
    });

    const first = await active(url, {}, {}, work('first'));
    const second = await standby(url, {}, {}, work('second'));

    expect([first.lock.phase, first.lease.valid, first.lease.name]).toEqual(['ready', true, 'office']);
    expect([second.lock.phase, second.lease.valid, second.lease.token]).toEqual(['standby', false, 0n]);
    expect(() => second.lease.assert()).toThrow(FleetLostError);
    expect(worked).toEqual(['first']);
    expect(await upgradeStatus(second.lock.url)).toBe(503);
    const card: unknown = await (await fetch(httpUrl(second.lock.url, '/.well-known/gateway'))).json();
    expect(card).toMatchObject({
      phase: 'standby',
      fleet: { name: 'office', role: 'standby', token: '0', active: { pid: process.pid } },
    });

    await first.app.close();
    await within(WAIT_MS, 'the takeover', second.init);

    expect(worked).toEqual(['first', 'second']);
    expect(second.lock.phase).toBe('ready');
    expect(second.lease.token).toBeGreaterThan(first.lease.token);
    expect(first.lease.valid).toBe(false);
  });

  it('lets no other gateway work before every module of the active one has stopped', async () => {
    const url = await postgres().database();
    const stopping = new Gate();
    const stopped = new Gate();
    const slow = hookModule({ onApplicationShutdown: () => (stopping.open(), stopped.opened) });
    const first = await active(url, {}, {}, { imports: [slow] });
    const second = await standby(url);

    const closed = first.app.close();
    await within(WAIT_MS, 'the shutdown', stopping.opened);

    expect(await waiters()).toBe(1);
    expect(first.lease.valid).toBe(true);
    stopped.open();
    await closed;
    await within(WAIT_MS, 'the takeover', second.init);
  });

  it('a gateway that does not wait is refused, and told who is active', async () => {
    const url = await postgres().database();
    const first = await active(url);
    const second = await member(url, {}, { acquire: { wait: 'fail' } });

    const refusal: unknown = await second.init.catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(FleetError);
    expect(refusal).toMatchObject({
      code: 'GATEWAY_FLEET_IN_USE',
      holder: { pid: process.pid, token: first.lease.token, answers: true },
    });
    expect((refusal as Error).message).toMatch(/^another gateway is already active in fleet office \(host /);
  });

  it('a standby that is told to stop does so at once', async () => {
    const url = await postgres().database();
    await active(url);
    const second = await standby(url);

    await second.app.close();

    await expect(second.init).rejects.toThrow('the gateway was told to stop while it stood by');
    await until(WAIT_MS, 'the end of its session', async () => (await waiters()) === 0);
  });

  it('two fleets of one database do not know of each other', async () => {
    const url = await postgres().database();

    const [one, other] = [await active(url, { name: 'one' }), await active(url, { name: 'other' })];

    expect([one.lease.valid, other.lease.valid]).toEqual([true, true]);
  });

  it('twelve that begin at once on an empty database have one active among them', async () => {
    const url = await postgres().database();
    const all = await Promise.all(Array.from({ length: 12 }, () => member(url)));

    await within(WAIT_MS, 'the active one', Promise.any(all.map(({ init }) => init)));

    expect(all.filter(({ lease }) => lease.valid)).toHaveLength(1);
  });

  describe('the active gateway whose session has ended', () => {
    it('is lost at once, begins to stop, and does not come back', async () => {
      const url = await postgres().database();
      const { lease, lock } = await active(url);
      const [database] = url.split('/').slice(-1);
      let aborted = false;
      lease.lost.addEventListener('abort', () => (aborted = true));

      await postgres().query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`);

      const { cause } = await within(WAIT_MS, 'the loss', lock.lost);
      expect(cause).toBeInstanceOf(FleetLostError);
      expect([aborted, lease.valid, lock.phase]).toEqual([true, false, 'draining']);
    });

    it('has a strict successor wait until its lease is over in any case', async () => {
      const url = await postgres().database();
      const first = await active(url, { strict: true, timing: SHORT });
      const second = await standby(url, { strict: true, timing: SHORT });
      const [database] = url.split('/').slice(-1);

      await postgres().query(
        `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted
         and database = (select oid from pg_database where datname = '${database}')`,
      );
      await within(WAIT_MS, 'the loss', first.lock.lost);

      await until(WAIT_MS, 'the next token', () => second.lease.token > 0n);
      expect([second.lease.valid, second.lock.phase]).toEqual([false, 'standby']);
      await within(WAIT_MS, 'the takeover', second.init);
      expect(second.lease.valid).toBe(true);
    });
  });

  describe('work on the database of the fleet', () => {
    it('is written by the holder, and not by one that was it', async () => {
      const url = await postgres().database();
      const first = await active(url);
      const writer = await client(url);
      await writer.query('create table ledger (line text)');
      await first.lease.fenced(writer, () => writer.query(`insert into ledger values ('mine')`));

      const late = first.lease.fenced(writer, async () => {
        await writer.query(`insert into ledger values ('late')`);
        await postgres().query('update openclaw.fleet set token = token + 1', url.split('/').at(-1));
      });

      await expect(late).rejects.toThrow('another gateway has taken over');
      expect((await writer.query('select line from ledger')).rows).toEqual([{ line: 'mine' }]);
    });
  });

  it('keeps no index build waiting for ever, and no dead row from VACUUM, with a standby in the queue', async () => {
    const url = await postgres().database();
    const database = url.split('/').at(-1);
    await active(url, { timing: SHORT });
    await standby(url, { timing: SHORT });
    await postgres().query('create table busy (id int); create table dead (id int)', database);
    await postgres().query('insert into dead values (1)', database);
    await postgres().query('delete from dead', database);
    const cleaner = await client(url);
    const reports: string[] = [];
    cleaner.on('notice', ({ message = '' }) => reports.push(message));

    await Promise.all([
      within(WAIT_MS, 'the index', postgres().query('create index concurrently on busy (id)', database)),
      until(WAIT_MS, 'the rows', async () => {
        await cleaner.query('vacuum (verbose) dead');
        // The second is how PostgreSQL 14 says it.
        return reports.some((report) => /^tuples: 1 removed, |: found 1 removable, /m.test(report));
      }),
    ]);

    expect(postgres().log).not.toMatch(/ERROR.*lock timeout/);
  });

  const RESTARTS: readonly (readonly [string, () => Promise<void>])[] = [
    ['was started again', async () => (await postgres().stop(), postgres().run())],
    ['has crashed', () => crash()],
  ];

  /** By the end of any process of its own the server ends all sessions, and starts anew within the same process. */
  async function crash(): Promise<void> {
    const [row] = await postgres().query(`select pid from pg_stat_activity where backend_type = 'checkpointer'`);
    process.kill(Number(row?.['pid']), 'SIGKILL');
  }

  it.each(RESTARTS)(
    'a server that %s lets the next one work only when the lease of the last is over',
    async (_, restart) => {
      const url = await postgres().database();
      const first = await active(url, { timing: SHORT });
      const second = await standby(url, { timing: SHORT });
      const begun = performance.now();

      await restart();
      await within(WAIT_MS, 'the loss', first.lock.lost);
      await until(WAIT_MS, 'the next token', () => second.lease.token > first.lease.token);
      const claimed = second.lease.valid;
      await within(WAIT_MS, 'the takeover', second.init);

      expect(claimed).toBe(false);
      expect(performance.now() - begun).toBeGreaterThan(SHORT.sessionMs);
    },
  );

  it('a server that has failed over lets the next one work when the lease of the last is over, with a greater token', async () => {
    const url = await postgres().database();
    const replica = await postgres().replica();
    const both = url.replace(`:${postgres().port}/`, `:${postgres().port},127.0.0.1:${replica.port}/`);
    try {
      const first = await active(both, { timing: SHORT });
      const second = await standby(both, { timing: SHORT });
      await until(WAIT_MS, 'the replica', async () => (await replica.query(SENT, url.split('/').at(-1))).length > 0);

      await postgres().stop('SIGQUIT');
      await replica.query('select pg_promote()');
      await within(WAIT_MS, 'the loss', first.lock.lost);
      await until(WAIT_MS, 'the next token', () => second.lease.token > first.lease.token);
      const claimed = second.lease.valid;
      await within(WAIT_MS, 'the takeover', second.init);

      expect(claimed).toBe(false);
      expect([first.lease.token >> 32n, second.lease.token >> 32n]).toEqual([1n, 2n]);
      await second.app.close();
    } finally {
      await replica.remove();
      await postgres().run();
    }
  });

  it('shows its last holders', async () => {
    const url = await postgres().database();
    const holders = [await active(url)];
    await holders[0]?.app.close();
    holders.push(await active(url));

    const { report, lines } = await statusOfFleet({ name: 'office', url });

    const tokens = holders.map(({ lease }) => lease.token.toString()).reverse();
    expect(report).toMatchObject({
      holder: { pid: process.pid, isHeld: true, answers: true },
      history: tokens.map((token) => ({ token })),
    });
    expect(lines[0]).toMatch(HELD);
    const status = await runHere(['gateway', 'status', '--fleet', 'office'], { OPENCLAW_FLEET_URL: url });
    expect(status).toEqual({ code: 0, stdout: expect.stringMatching(HELD) as string, stderr: '' });
  });

  describe('a database that is of no use', () => refusalTests(postgres));
  describe('a gateway that is cut off', () => cutOffTests(postgres));
  describe('a planned takeover', () => plannedTests(postgres));

  it('has its password in no error and no log of a gateway', async () => {
    const url = await postgres().database();
    const gateway = await active(url);

    expect(inspect(gateway.lease, { depth: 1 })).not.toContain('secret-of-postgres');
  });
});
