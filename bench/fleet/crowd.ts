import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import pg from 'pg';

import { within } from '../../test/kit/deadline.js';
import type { Postgres } from '../../test/kit/postgres.js';
import { Distribution } from '../kit/distribution.js';
import { format } from '../kit/figure.js';
import type { Report } from '../kit/part.js';
import { progress } from '../kit/progress.js';
import { hasBegun, leaseMaker, type LeaseAlone } from './lease-alone.js';
import { serverTime } from './server-time.js';

const PER_FLEET = 3;
/** As many connect at the same time. */
const AT_ONCE = 25;
/** Each proves the lock over a second connection when it begins; and some for those who look. */
const SPARE_CONNECTIONS = AT_ONCE + 20;
const TAKEOVERS = 100;
/** A small machine connects some dozen sessions in a second. */
const BEGIN_MS = 180_000;
const TAKEOVER_MS = 30_000;
const END_HOLDER = 'select pg_terminate_backend(backend) from openclaw.fleet where name = $1';

/** Many fleets of three on one server: what they cost it, and how long a takeover takes among them. */
export async function manyFleets(postgres: Postgres, wanted: number, seconds: number, report: Report): Promise<void> {
  await postgres.stop();
  await postgres.run('-c', `max_connections=${wanted * PER_FLEET + SPARE_CONNECTIONS}`);
  const url = await postgres.database();
  const begun = performance.now();
  const all = await begin(url, wanted);
  const fleets = all.length;
  const settledMs = performance.now() - begun;
  try {
    const before = serverTime(postgres);
    await delay(seconds * 1_000);
    const spent = (serverTime(postgres) - before) / seconds;
    const megabytes = privateMegabytes(postgres);
    const times = await takeovers(url, all, report);
    const wrong = all.filter((members) => members.filter(({ service }) => service.valid).length !== 1).length;
    if (wrong > 0) report.fault(`${wrong} of ${fleets} fleets have not exactly one that may work`);
    if (fleets < wanted) report.note(`Only ${fleets} of ${wanted} fleets began within ${BEGIN_MS / 1_000} s.`);
    report.table({
      title: `${format(fleets)} fleets of ${PER_FLEET} on one server, left alone for ${seconds} s; then ${times.length} sessions of active ones ended, one after the other`,
      columns: [
        'sessions',
        'all stand by after, s',
        'server, ms of CPU in 1 s',
        'MiB of its own',
        'p50, ms',
        'p99, ms',
      ],
      rows: [
        [
          format(fleets * PER_FLEET),
          format(settledMs / 1_000),
          format(spent),
          format(megabytes),
          format(new Distribution(times).median),
          format(new Distribution(times).quantile(0.99)),
        ],
      ],
    });
  } finally {
    await Promise.all(all.flat().map(({ service }) => service.release()));
  }
}

/** As many fleets as begin in the time that there is; the first of each before its others, so that it is the active one. */
async function begin(url: string, fleets: number): Promise<readonly LeaseAlone[][]> {
  const make = await leaseMaker();
  const all: LeaseAlone[][] = [];
  let complete = 0;
  const until = performance.now() + BEGIN_MS;
  const fillUp = async (): Promise<void> => {
    while (all.length < fleets && performance.now() < until) {
      const members: LeaseAlone[] = [];
      const name = `fleet-${all.push(members) - 1}`;
      while (members.length < PER_FLEET) {
        const one = make({ name, url });
        members.push(one);
        await hasBegun(one);
      }
      progress(++complete, fleets, 'many fleets', 'begun');
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, fillUp));
  return all;
}

/** @returns from the end of a session to the activation of the next, in milliseconds */
async function takeovers(url: string, all: readonly LeaseAlone[][], report: Report): Promise<readonly number[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const times: number[] = [];
  const step = Math.max(1, Math.floor(all.length / TAKEOVERS));
  for (let index = 0; index < all.length && times.length < TAKEOVERS; index += step) {
    const members = all[index] ?? [];
    const active = members.find(({ service }) => service.valid);
    const others = members.filter((one) => one !== active);
    const begun = performance.now();
    await client.query(END_HOLDER, [`fleet-${index}`]);
    await within(TAKEOVER_MS, `fleet ${index}`, Promise.any(others.map(({ activated }) => activated)));
    times.push(performance.now() - begun);
    const next = others.find(({ service }) => service.valid);
    if (active && next && next.service.token <= active.service.token) {
      report.fault(`fleet ${index}: token ${next.service.token} came after ${active.service.token}`);
    }
  }
  await client.end();
  return times;
}

/** What the sessions of a server have in memory that no other one shares, in MiB (proc_pid_status(5)). */
function privateMegabytes({ pid: postmaster }: Postgres): number {
  const parent = new RegExp(`^PPid:\\s+${postmaster}$`, 'm');
  const kilobytes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        const text = readFileSync(`/proc/${name}/status`, 'utf8');
        return parent.test(text) ? Number(/^RssAnon:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) : 0;
      } catch {
        // It has ended since.
        return 0;
      }
    });
  return kilobytes.reduce((sum, one) => sum + one, 0) / 1_024;
}
