import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { lockKey, tablesFor } from '../../src/fleet/fleet-sql.js';
import { CERTIFICATE } from '../kit/certificate.js';
import { onCleanUp } from '../kit/cleaner.js';
import { startPooler } from '../kit/pooler.js';
import type { Postgres } from '../kit/postgres.js';
import { tempFolder } from '../kit/temp.js';
import { membersOf } from './members.js';

/** What a database is refused for. */
export function refusalTests(postgres: () => Postgres): void {
  const { member, active, client } = membersOf(postgres);
  async function refusalOf(url: string): Promise<unknown> {
    const one = await member(url, {}, { acquire: { wait: 'fail' } });
    return one.init.then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  it('is one that is not there', async () => {
    const url = postgres().url('no_such_database');

    expect(await refusalOf(url)).toMatchObject({
      code: 'GATEWAY_FLEET_NOT_ALLOWED',
      message: expect.stringMatching(/: database "no_such_database" does not exist$/) as string,
    });
  });

  it('is one whose tables this user may not make; they are there once an administrator has made them', async () => {
    const url = await postgres().database();
    const database = url.split('/').at(-1) ?? '';
    await postgres().query('create role guest login');
    onCleanUp(() =>
      postgres()
        .query('drop owned by guest', database)
        .then(() => postgres().query('drop role guest')),
    );
    const asGuest = postgres().url(database, 'guest');

    expect(await refusalOf(asGuest)).toMatchObject({
      code: 'GATEWAY_FLEET_NOT_ALLOWED',
      message: expect.stringMatching(/fleet sql prints$/) as string,
    });
    await postgres().query(tablesFor('guest'), database);
    const guest = await active(asGuest);

    expect(guest.lease.valid).toBe(true);
  });

  it('is one behind a pooler, whose session is not the one that was greeted', async () => {
    const url = await postgres().database();
    const pooler = await startPooler(postgres().port);

    expect(await refusalOf(url.replace(String(postgres().port), String(pooler)))).toMatchObject({
      code: 'GATEWAY_FLEET_UNFIT',
      message: expect.stringMatching(/ is a pooler, which passes one session from client to client/) as string,
    });
  });

  it('is one whose key another program has', async () => {
    const url = await postgres().database();
    const other = await client(url);
    await other.query(`select pg_advisory_lock(${lockKey('office')})`);

    expect(await refusalOf(url)).toMatchObject({ code: 'GATEWAY_FLEET_STRANGER' });
  });

  /** A role whose server says something else of itself, by functions that are found before its own. */
  async function pretending(database: string, ...functions: string[]): Promise<string> {
    const role = `pretender_${database}`;
    await postgres().query(`create role ${role} login superuser`);
    await postgres().query(`alter role ${role} set search_path = public, pg_catalog`);
    for (const body of functions) await postgres().query(`create function public.${body}`, database);
    return postgres().url(database, role);
  }

  it.each([
    [
      'gives one lock to two sessions',
      'GATEWAY_FLEET_UNFIT',
      / gives one lock to two sessions: connect to PostgreSQL itself, without a pooler between$/,
      'pg_try_advisory_lock(bigint) returns boolean language sql as $$ select true $$',
    ],
    [
      'is a replica',
      'GATEWAY_FLEET_UNREACHABLE',
      / is a replica, which gives a lock that the primary knows nothing of: name the primary, or all hosts$/,
      'pg_is_in_recovery() returns boolean language sql as $$ select true $$',
    ],
    [
      'is too old',
      'GATEWAY_FLEET_UNFIT',
      / is PostgreSQL 13: a fleet needs 14 or newer$/,
      `current_setting(text) returns text language sql as $$ select '130014' $$`,
    ],
  ])('is one that %s', async (_what, code, message, body) => {
    const database = (await postgres().database()).split('/').at(-1) ?? '';

    expect(await refusalOf(await pretending(database, body))).toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it('is one without TLS, where the URL wants it', async () => {
    const url = await postgres().database();

    expect(await refusalOf(`${url}?sslmode=require`)).toMatchObject({
      code: 'GATEWAY_FLEET_NOT_ALLOWED',
      message: expect.stringMatching(/: The server does not support SSL connections$/) as string,
    });
  });

  it('is one whose certificate is of an unknown authority, or of another host', async () => {
    const url = await postgres().database();
    const authority = join(tempFolder(), 'authority.pem');
    writeFileSync(authority, CERTIFICATE);
    await postgres().encrypt();

    const refusals = [
      await refusalOf(`${url}?sslmode=verify-full`),
      await refusalOf(`${url.replace('127.0.0.1', 'localhost')}?sslrootcert=${authority}`),
    ];
    const trusted = await active(`${url}?sslrootcert=${authority}`);
    const unverified = await active(`${url}?sslmode=no-verify`, { name: 'other' });

    expect(refusals).toEqual([
      expect.objectContaining({
        code: 'GATEWAY_FLEET_NOT_ALLOWED',
        message: expect.stringContaining('self-signed certificate') as string,
      }),
      expect.objectContaining({
        code: 'GATEWAY_FLEET_NOT_ALLOWED',
        message: expect.stringContaining("does not match certificate's altnames") as string,
      }),
    ]);
    expect([trusted.lease.valid, unverified.lease.valid]).toEqual([true, true]);
  });

  it('is one that is full', async () => {
    const database = (await postgres().database()).split('/').at(-1) ?? '';
    await postgres().query('create role crowded login connection limit 0');
    onCleanUp(() => postgres().query('drop role crowded'));

    expect(await refusalOf(postgres().url(database, 'crowded'))).toMatchObject({
      code: 'GATEWAY_FLEET_UNREACHABLE',
      message: expect.stringMatching(
        / \(the default of 100 connections is enough for about 30 fleets of three gateways\)$/,
      ) as string,
    });
  });
}
