import { setTimeout as delay } from 'node:timers/promises';

import { noPostgres, Postgres } from '../../test/kit/postgres.js';
import { besideOtherEngines } from '../fleet/beside/engines.js';
import { manyFleets } from '../fleet/crowd.js';
import { cutOff, type Cut } from '../fleet/cut.js';
import { FleetChain } from '../fleet/fleet-chain.js';
import { latencies } from '../fleet/latency.js';
import { ACTIVE, launchMember, membersOf, WAITING } from '../fleet/members.js';
import { playRounds } from '../fleet/rounds.js';
import { serverTime } from '../fleet/server-time.js';
import { Distribution } from '../kit/distribution.js';
import { figureOf, format } from '../kit/figure.js';
import type { Part, Report } from '../kit/part.js';
import { progress } from '../kit/progress.js';

const ENDS = ['SIGKILL', 'SIGTERM'] as const;
/** The aim for the p99 after SIGKILL. */
const MOST_MS = 250;
const REQUESTS = 2_000;
/** As many gateways as a small machine starts at the same time. */
const CUTS_AT_ONCE = 4;
/** Half the connections that the server of the tests takes. */
const FLEETS_AT_ONCE = 12;

export const fleet: Part<'rounds' | 'chains' | 'standbys' | 'seconds' | 'fleets'> = {
  name: 'fleet',
  about:
    'takeovers in a fleet of hosts, what is left between two holders, and what they cost their database; beside other engines',
  kind: 'aside',
  defaults: { rounds: '20', chains: '1000', standbys: '1,5,20', seconds: '20', fleets: '1000' },
  run: async ({ rounds, chains, standbys, seconds, fleets }, report) => {
    if (noPostgres !== undefined) {
      report.fault(noPostgres);
      return;
    }
    const postgres = await Postgres.start();
    try {
      await inOneProcess(postgres, chains, report);
      await takeovers(postgres, rounds, standbys, report);
      await cuts(postgres, rounds, report);
      await costs(postgres, seconds, report);
      await besideOtherEngines(postgres, rounds, report);
      // Last, since it starts the server anew.
      await manyFleets(postgres, fleets, seconds, report);
    } finally {
      await postgres.remove();
    }
  },
};

/** Half of them end in order, half are cut off; fleets beside each other, since a cut takes as long as a session. */
async function inOneProcess(postgres: Postgres, rounds: number, report: Report): Promise<void> {
  const rows: string[][] = [];
  for (const end of ['released', 'cut off'] as const) {
    const each = Math.ceil(rounds / 2 / FLEETS_AT_ONCE);
    const databases = await Promise.all(Array.from({ length: FLEETS_AT_ONCE }, () => databaseOf(postgres)));
    const played = (await Promise.all(databases.map((one) => playRounds(postgres, one, end, each)))).flat();
    for (const { fault } of played) if (fault !== undefined) report.fault(`${end}: ${fault}`);
    const margins = new Distribution(played.map(({ marginMs }) => marginMs));
    if (margins.quantile(0) < 0) report.fault(`${end}: two held the lease for ${format(-margins.quantile(0))} ms`);
    rows.push([end, String(played.length), ...[0, 0.5, 1].map((share) => format(margins.quantile(share)))]);
  }
  report.table({
    title: `From the end of one lease to the next, ${FLEETS_AT_ONCE} fleets at once in one process, in ms. One was valid each time.`,
    columns: ['end', 'rounds', 'least', 'p50', 'most'],
    rows,
  });
}

async function takeovers(
  postgres: Postgres,
  rounds: number,
  standbys: readonly number[],
  report: Report,
): Promise<void> {
  const rows: string[][] = [];
  for (const end of ENDS) {
    for (const count of standbys) {
      const chain = new FleetChain(membersOf(await databaseUrl(postgres)), count, end);
      const measured: number[] = [];
      try {
        await chain.begin();
        while (measured.length < rounds) {
          measured.push(await chain.round());
          progress(measured.length, rounds, `${end} beside ${count}`);
        }
      } catch (error) {
        report.fault(`${end}, ${count} standbys, round ${measured.length + 1}: ${(error as Error).message}`);
      } finally {
        await chain.close();
      }
      const times = new Distribution(measured);
      rows.push([end, String(count), String(measured.length), format(times.median), format(times.quantile(0.99))]);
      if (end === 'SIGKILL' && times.quantile(0.99) > MOST_MS) {
        report.fault(`SIGKILL, ${count} standbys: p99 ${format(times.quantile(0.99))} ms, and not ${MOST_MS}`);
      }
    }
  }
  report.table({
    title: 'From the signal to the line of the next one that says that it listens, in ms. One took over each time.',
    columns: ['end', 'standbys', 'rounds', 'p50', 'p99'],
    rows,
  });
}

async function cuts(postgres: Postgres, rounds: number, report: Report): Promise<void> {
  const measured: Cut[] = [];
  while (measured.length < rounds) {
    const batch = Math.min(CUTS_AT_ONCE, rounds - measured.length);
    const databases = await Promise.all(Array.from({ length: batch }, () => databaseOf(postgres)));
    measured.push(...(await Promise.all(databases.map((database) => cutOff(postgres, database)))));
    progress(measured.length, rounds, 'cuts');
  }
  const least = Math.min(...measured.map(({ marginMs }) => marginMs));
  if (least <= 0) report.fault(`the one that was cut off ended ${format(-least)} ms after the next one listened`);
  const row = (name: string, values: readonly number[]): string[] => {
    const times = new Distribution(values);
    return [name, format(times.quantile(0)), format(times.median), format(times.quantile(1))];
  };
  report.table({
    title: `The active one cut off from the database without a word, ${rounds} times, in ms`,
    columns: ['', 'least', 'p50', 'most'],
    rows: [
      row(
        'cut to lost',
        measured.map(({ lostAfterMs }) => lostAfterMs),
      ),
      row(
        'cut to the next one',
        measured.map(({ nextAfterMs }) => nextAfterMs),
      ),
      row(
        'end of the one to the next',
        measured.map(({ marginMs }) => marginMs),
      ),
    ],
  });
}

/** One fleet of three that is left alone, and one client over a standby. */
async function costs(postgres: Postgres, seconds: number, report: Report): Promise<void> {
  const url = await databaseUrl(postgres);
  const spentIn = async (): Promise<number> => {
    const before = serverTime(postgres);
    await delay(seconds * 1_000);
    return (serverTime(postgres) - before) / seconds;
  };
  // All the databases of this run have autovacuum look at them.
  const idle = await spentIn();
  const active = await launchMember(url);
  await active.child.printed(ACTIVE);
  const standbys = [await launchMember(url), await launchMember(url)];
  try {
    await Promise.all(standbys.map(({ child }) => child.printed(WAITING)));
    const spent = await spentIn();
    report.note(
      `With a fleet of three the server took ${format(spent)} ms of the processors in a second, and ${format(idle)} ms without.`,
    );
    const { relayed, direct } = await latencies(
      { relayed: `ws://127.0.0.1:${standbys[0]?.port}`, direct: `ws://127.0.0.1:${active.port}` },
      REQUESTS,
    );
    const subject = { name: 'a request over a standby', unit: 'ms', beside: 'to the active one' };
    report.figure(figureOf(subject, relayed, direct));
  } finally {
    await Promise.all([active, ...standbys].map(({ child }) => child.kill()));
  }
}

async function databaseUrl(postgres: Postgres): Promise<string> {
  return `postgres://postgres@127.0.0.1:${postgres.port}/${await databaseOf(postgres)}`;
}

async function databaseOf(postgres: Postgres): Promise<string> {
  return (await postgres.database()).split('/').at(-1) ?? '';
}
