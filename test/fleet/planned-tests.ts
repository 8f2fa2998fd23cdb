import { hostname } from 'node:os';

import { lookAtDatabase, statusOfFleet } from '../../src/cli/fleet-reports.js';
import { yieldFleet } from '../../src/cli/yield-fleet.js';
import { lockKey } from '../../src/fleet/fleet-sql.js';
import { ExitCode } from '../../src/process/exit-code.js';
import { until, within } from '../kit/deadline.js';
import type { Postgres } from '../kit/postgres.js';
import { membersOf, SHORT, WAIT_MS } from './members.js';

/** What an operator does with a fleet. */
export function plannedTests(postgres: () => Postgres): void {
  const { active, standby, member, client, waiters } = membersOf(postgres);

  it('an operator learns whether the database could keep a fleet, and nothing in it is changed', async () => {
    const url = await postgres().database();
    const found = await lookAtDatabase({ name: 'office', url });

    expect(found).toMatchObject({ problem: null, exitCode: ExitCode.OK });
    expect(found.lines).toEqual([
      expect.stringMatching(/ can keep fleet office: PostgreSQL \d+, and its first gateway makes /),
    ]);
    expect((await statusOfFleet({ name: 'office', url })).lines).toEqual([
      expect.stringMatching(/^fleet office in .*: no gateway was ever active$/),
    ]);
    expect(await lookAtDatabase({ name: 'office', url: `${url}?sslmode=require` })).toMatchObject({
      exitCode: ExitCode.NOT_ALLOWED,
    });
  });

  it('fleet yield has another gateway be the active one', async () => {
    const url = await postgres().database();
    const first = await active(url);
    const second = await standby(url);
    void first.lock.stopping.then(() => first.app.close());

    const { lines, exitCode } = await yieldFleet({ name: 'office', url }, undefined, WAIT_MS);
    await within(WAIT_MS, 'the takeover', second.init);

    expect([lines, exitCode]).toEqual([
      [`fleet office: host ${hostname()} is active now, token ${second.lease.token}`],
      ExitCode.OK,
    ]);
    expect(first.lock.phase).toBe('released');
  });

  it.each([
    [undefined, 'fleet office: no gateway stands by'],
    ['gw2', 'fleet office: no gateway on host gw2 stands by'],
  ])('fleet yield to %s is refused where none can take over, and the active one goes on', async (to, problem) => {
    const url = await postgres().database();
    const { lock } = await active(url);

    expect(await yieldFleet({ name: 'office', url }, to, WAIT_MS)).toMatchObject({
      problem,
      exitCode: ExitCode.NOT_READY,
    });
    expect(lock.phase).toBe('ready');
  });

  it('fleet yield is refused where no gateway is active', async () => {
    const url = await postgres().database();

    expect(await yieldFleet({ name: 'office', url }, undefined, WAIT_MS)).toMatchObject({
      problem: 'fleet office: no gateway is active',
      exitCode: ExitCode.NOT_READY,
    });
  });

  it('one that takes over works when the other has stopped, or its session was ended and its lease is over', async () => {
    const url = await postgres().database();
    const timing = { ...SHORT, leaseMs: 1_500, sessionMs: 3_500 };
    const hanging = await active(url, { timing });

    const taker = await member(url, { timing, takeOver: true }, { acquire: { wait: 'fail' } });
    await within(WAIT_MS, 'the question', hanging.lock.stopping);
    await within(WAIT_MS, 'the takeover', taker.init);

    expect(hanging.lease.valid).toBe(false);
    expect(taker.lease.token).toBeGreaterThan(hanging.lease.token);
  });

  it('lets a host that an operator has named go first, for as long as that is connected', async () => {
    const url = await postgres().database();
    const first = await active(url);
    const heir = await client(`${url}?application_name=${encodeURIComponent('openclaw fleet office gw2')}`);
    await heir.query(`update openclaw.fleet set wanted = 'gw2', wanted_until = clock_timestamp() + interval '60 s'`);
    const second = await standby(url);
    const turn = heir.query('select pg_advisory_lock($1)', [lockKey('office').toString()]);
    await until(WAIT_MS, 'both in the queue', async () => (await waiters()) === 2);

    await first.app.close();

    await within(WAIT_MS, 'the turn of the named one, which came later', turn);
    expect(second.lease.valid).toBe(false);
    await heir.end();
    await within(WAIT_MS, 'the takeover', second.init);
  });

  it('a holder that was frozen in the midst of its work on the database keeps no other one from the fleet', async () => {
    const url = await postgres().database();
    const first = await active(url);
    const writer = await client(url);
    await writer.query('begin');
    await writer.query('select token from openclaw.fleet for share');
    writer.on('error', () => undefined);

    await first.app.close().catch(() => undefined);
    const second = await active(url);

    expect(second.lease.token).toBeGreaterThan(first.lease.token);
    await expect(writer.query('commit')).rejects.toThrow();
  });
}
