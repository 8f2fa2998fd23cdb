import type { Postgres } from '../../test/kit/postgres.js';
import { SilentProxy } from '../../test/kit/silent-proxy.js';
import { hasBegun, leaseMaker, type LeaseAlone } from './lease-alone.js';

/** The shortest that leaves room for heartbeats on a busy machine, in milliseconds. */
const TIMING = { heartbeatMs: 500, leaseMs: 3_000, sessionMs: 5_000 };

/** How a holder of the lease ends: in order, or cut off from the database without a word. */
export type RoundEnd = 'released' | 'cut off';

export interface FleetRound {
  /** From the loss, or the release, of the one to the activation of the next, in milliseconds. */
  readonly marginMs: number;
  /** What went otherwise than it should. */
  readonly fault?: string;
}

interface Member extends LeaseAlone {
  readonly proxy: SilentProxy;
  /** When it was lost, or had released; undefined before. */
  endedAt: number | undefined;
}

/** Rounds of one fleet in this process. */
export async function playRounds(
  postgres: Postgres,
  database: string,
  end: RoundEnd,
  rounds: number,
): Promise<readonly FleetRound[]> {
  const join = await memberOf(postgres, database);
  const played: FleetRound[] = [];
  let [active, next] = [await join(), await join()];
  const before: Member[] = [];
  while (played.length < rounds) {
    const { token } = active.service;
    if (end === 'cut off') active.proxy.cut();
    else {
      await active.service.release();
      active.endedAt = performance.now();
    }
    await next.activated;
    const marginMs = performance.now() - (active.endedAt ?? Infinity);
    const valid = [...before, active, next].filter(({ service }) => service.valid).length;
    const fault =
      valid !== 1
        ? `${valid} may work`
        : next.service.token <= token
          ? `${next.service.token} after ${token}`
          : undefined;
    played.push({ marginMs, ...(fault !== undefined && { fault }) });
    before.push(active);
    await leave(active);
    [active, next] = [next, await join()];
  }
  await Promise.all([leave(active), leave(next)]);
  return played;
}

async function memberOf(postgres: Postgres, database: string): Promise<() => Promise<Member>> {
  const begin = await leaseMaker();
  return async () => {
    const proxy = await SilentProxy.before(postgres.port);
    const url = `postgres://postgres@127.0.0.1:${proxy.port}/${database}`;
    const onLost = (): void => void (member.endedAt ??= performance.now());
    const member: Member = { ...begin({ name: 'office', url, timing: TIMING, onLost }), proxy, endedAt: undefined };
    await hasBegun(member);
    return member;
  };
}

async function leave({ service, proxy }: Member): Promise<void> {
  await service.release();
  proxy.close();
}
