import { setTimeout as delay } from 'node:timers/promises';

import pg from 'pg';

import type { Contend } from './contend.js';

const EVERY_MS = 1_000;
const TRY = `select case when pg_try_advisory_lock(1) then nextval('turn')::text end as token`;

/** What most people write: a session that asks for an advisory lock of PostgreSQL once a second. */
export const tryLock: Contend = async (url, onWaiting) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('create sequence if not exists turn');
  for (;;) {
    const token = (await client.query<{ token: string | null }>(TRY)).rows[0]?.token;
    if (token) return { token: BigInt(token), release: () => client.end() };
    onWaiting();
    await delay(EVERY_MS);
  }
};
