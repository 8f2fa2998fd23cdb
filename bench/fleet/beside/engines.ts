import { setTimeout as delay } from 'node:timers/promises';

import type { Postgres } from '../../../test/kit/postgres.js';
import { builtScript } from '../../kit/built.js';
import { Child } from '../../kit/child.js';
import { Distribution } from '../../kit/distribution.js';
import { format } from '../../kit/figure.js';
import type { Report } from '../../kit/part.js';
import { progress } from '../../kit/progress.js';
import { FleetChain, type Candidates } from '../fleet-chain.js';
import { EXPIRY_S } from './contend.js';
import { startEtcd, startNats, type Daemon } from './daemons.js';

const STANDBYS = 5;
/** At most, so that a holder dies at any moment between two attempts of those that wait. */
const SETTLE_MS = 1_000;

/** The same death, decided by other means: each engine alone, in processes with nothing around it. */
export async function besideOtherEngines(postgres: Postgres, rounds: number, report: Report): Promise<void> {
  const postgresAsDaemon = async (): Promise<Daemon> => ({
    url: await postgres.database(),
    remove: () => Promise.resolve(),
  });
  const engines: readonly [name: string, engine: string, start: () => Promise<Daemon | string>][] = [
    ['the lease of a gateway', 'sessionLock', postgresAsDaemon],
    ['a try-lock each second', 'tryLock', postgresAsDaemon],
    ['NATS KV', 'nats', startNats],
    ['etcd', 'etcd', startEtcd],
  ];
  const rows: string[][] = [];
  for (const [name, engine, start] of engines) {
    for (const end of ['SIGKILL', 'SIGTERM'] as const) {
      const daemon = await start();
      if (typeof daemon === 'string') {
        if (end === 'SIGKILL') report.note(`${name} was not measured: ${daemon}.`);
        continue;
      }
      try {
        const times = await play(new FleetChain(candidatesOf(engine, daemon.url), STANDBYS, end), rounds, name);
        rows.push([name, end, String(rounds), format(times.median), format(times.quantile(0.99))]);
      } catch (error) {
        report.fault(`${name}, ${end}: ${(error as Error).message}`);
      } finally {
        await daemon.remove();
      }
    }
  }
  report.table({
    title: `From the signal to the line of the next one of ${STANDBYS} standbys, the lock alone in a process, in ms. NATS and etcd keep a dead entry for ${EXPIRY_S} s.`,
    columns: ['engine', 'end', 'rounds', 'p50', 'p99'],
    rows,
  });
}

async function play(chain: FleetChain, rounds: number, name: string): Promise<Distribution> {
  const measured: number[] = [];
  try {
    await chain.begin();
    while (measured.length < rounds) {
      await delay(SETTLE_MS * Math.random());
      measured.push(await chain.round());
      progress(measured.length, rounds, name);
    }
    return new Distribution(measured);
  } finally {
    await chain.close();
  }
}

function candidatesOf(engine: string, url: string): Candidates {
  const launch = (): Promise<Child> => Promise.resolve(new Child([builtScript('fleet/beside/contender'), engine, url]));
  return { launch, waiting: /^waiting$/m, active: /^holds /m, token: /^holds (\d+)$/m };
}
