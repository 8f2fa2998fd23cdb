import { readdirSync, readFileSync } from 'node:fs';

import type { Postgres } from '../../test/kit/postgres.js';

/** USER_HZ, which is 100 on every Linux that Node runs on (time(7)). */
const MS_PER_TICK = 10;

/** The processor time that a server and all its processes have taken so far, in milliseconds (proc_pid_stat(5)). */
export function serverTime({ pid: postmaster }: Postgres): number {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), stat: statOf(Number(name)) }));
  const own = all.filter(({ pid, stat }) => pid === postmaster || stat?.parent === postmaster);
  const ended = own.find(({ pid }) => pid === postmaster)?.stat?.ofEnded ?? 0;
  return (own.reduce((sum, { stat }) => sum + (stat?.ticks ?? 0), 0) + ended) * MS_PER_TICK;
}

function statOf(
  pid: number,
): { readonly parent: number; readonly ticks: number; readonly ofEnded: number } | undefined {
  try {
    // What stands in brackets before may have spaces of its own.
    const fields = (readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1) ?? '').split(' ').map(Number);
    const [, parent = NaN] = fields;
    const [user = 0, system = 0, userOfEnded = 0, systemOfEnded = 0] = fields.slice(11, 15);
    return { parent, ticks: user + system, ofEnded: userOfEnded + systemOfEnded };
  } catch {
    return undefined;
  }
}
