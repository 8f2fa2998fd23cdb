import { isFree } from '../../test/kit/ports.js';
import { BIN } from '../kit/built.js';
import { Child, temporaryHome } from '../kit/child.js';
import { Distribution } from '../kit/distribution.js';
import type { Report } from '../kit/part.js';
import { residentMegabytes } from '../kit/proc.js';
import { progress } from '../kit/progress.js';
import { BARE, GATEWAY, untilReady, timeToReady } from '../kit/servers.js';
import { idleMemory } from '../parts/idle.js';

import type { Cost } from './growth-table.js';

/** A gateway has its port and those that follow it to itself. */
const PORT_DISTANCE = 20;
const PORTS = { first: 20_000, last: 32_000 } as const;
/** So many of the last starts make the one that is told. */
const STARTS = 5;
const STATUS_ROUNDS = 3;

/** What gateways with a profile each cost. They stay until the last has been started. */
export async function profileCosts(sizes: readonly number[], report: Report): Promise<Cost[]> {
  const home = temporaryHome();
  const most = Math.max(...sizes);
  const running: Child[] = [];
  const starts = { gateway: [] as number[], bare: [] as number[] };
  const costs = { start: paired(), memory: paired(), status: [] as number[] };
  try {
    for (const port of await portsFor(most)) {
      starts.gateway.push(await startOne(port, home, running));
      starts.bare.push(await timeToReady(BARE));
      progress(running.length, most, 'growth', 'gateways on this host');
      if (!sizes.includes(running.length)) continue;
      const latest = (times: readonly number[]): number => new Distribution(times.slice(-STARTS)).median;
      costs.start.gateway.push(latest(starts.gateway));
      costs.start.bare.push(latest(starts.bare));
      costs.memory.bare.push(await idleMemory(BARE));
      costs.memory.gateway.push(new Distribution(running.map(({ pid }) => residentMegabytes(pid))).median);
      costs.status.push((await timeOfStatus(home, running.length, report)) / running.length);
    }
  } finally {
    await Promise.all(running.map((child) => child.kill()));
  }
  return [
    { name: 'start of the last one to ready', unit: 'ms', ...costs.start },
    { name: 'resident memory', unit: 'MiB', ...costs.memory },
    { name: 'openclaw gateway status --all', unit: 'ms', gateway: costs.status },
  ];
}

function paired(): { gateway: number[]; bare: number[] } {
  return { gateway: [], bare: [] };
}

/** @param running takes it, even if it fails */
async function startOne(port: number, home: string, running: Child[]): Promise<number> {
  const begun = performance.now();
  const child = GATEWAY.start(port, { home, profile: `bench-${running.length + 1}` });
  running.push(child);
  await untilReady(child, port);
  return performance.now() - begun;
}

/** Milliseconds, all of it. */
async function timeOfStatus(home: string, count: number, report: Report): Promise<number> {
  const times: number[] = [];
  for (let round = 1; round <= STATUS_ROUNDS; round++) {
    const begun = performance.now();
    const child = new Child([BIN, 'gateway', 'status', '--all', '--json'], { home });
    await child.ended();
    times.push(performance.now() - begun);
    const ready = child.output.match(/"verdict":"ready"/g)?.length ?? 0;
    if (ready !== count) report.fault(`status --all saw ${ready} gateways that are ready where there are ${count}`);
  }
  return new Distribution(times).median;
}

async function portsFor(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let port: number = PORTS.first; port <= PORTS.last && ports.length < count; port += PORT_DISTANCE) {
    if (await isFree(port)) ports.push(port);
  }
  if (ports.length < count) throw new Error(`there are no ${count} free ports from ${PORTS.first} to ${PORTS.last}`);
  return ports;
}
