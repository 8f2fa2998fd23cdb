import type { Postgres } from '../../test/kit/postgres.js';
import { SilentProxy } from '../../test/kit/silent-proxy.js';
import { ACTIVE, launchMember, LOST, tokenOf, WAITING } from './members.js';

/** What came of an active gateway that was cut off from its database, while another one stood by. Milliseconds. */
export interface Cut {
  /** From the cut to the line that says that the fleet is lost. */
  readonly lostAfterMs: number;
  /** From the cut to the line of the successor that says that it listens. */
  readonly nextAfterMs: number;
  /** From the end of the process that was cut off to that line: what is below 0 has overlapped. */
  readonly marginMs: number;
}

/** @throws {Error} the token of the successor is not greater */
export async function cutOff(postgres: Postgres, database: string): Promise<Cut> {
  const proxy = await SilentProxy.before(postgres.port);
  const first = await launchMember(`postgres://postgres@127.0.0.1:${proxy.port}/${database}`);
  await first.child.printed(ACTIVE);
  const next = await launchMember(`postgres://postgres@127.0.0.1:${postgres.port}/${database}`);
  try {
    await next.child.printed(WAITING);
    const begun = performance.now();
    proxy.cut();
    const since = (): number => performance.now() - begun;
    const [lostAfterMs, endedAfterMs, nextAfterMs] = await Promise.all([
      first.child.printed(LOST).then(since),
      first.child.ended().then(since),
      next.child.printed(ACTIVE).then(since),
    ]);
    if (tokenOf(next) <= tokenOf(first)) throw new Error(`token ${tokenOf(next)} came after ${tokenOf(first)}`);
    return { lostAfterMs, nextAfterMs, marginMs: nextAfterMs - endedAfterMs };
  } finally {
    await Promise.all([first, next].filter(({ child }) => child.exit === undefined).map(({ child }) => child.kill()));
    proxy.close();
  }
}
