import { compare, ratioAtMost, type Aim, type Comparison } from '../kit/figure.js';
import type { Part } from '../kit/part.js';
import { BARE, GATEWAY, timeToReady, withServer, type Server } from '../kit/servers.js';

/** By the major version of Node. */
const READY_AIMS: Readonly<Record<string, Aim>> = { 20: ratioAtMost(2), 24: ratioAtMost(2.5) };
const readyAim = READY_AIMS[process.versions.node.split('.')[0] ?? ''];

export const readyTime: Comparison = {
  name: 'exec to first 200 of /readyz',
  unit: 'ms',
  beside: 'bare ws server',
  ...(readyAim && { aim: readyAim }),
  gateway: () => timeToReady(GATEWAY),
  bare: () => timeToReady(BARE),
};

export const refusalTime: Comparison = {
  name: 'exec to refusal, exit included',
  unit: 'ms',
  beside: 'bare bind that fails',
  aim: ratioAtMost(1.5),
  gateway: () => timeToRefusal(GATEWAY),
  bare: () => timeToRefusal(BARE),
};

export const start: Part<'rounds'> = {
  name: 'start',
  about: 'how long a start takes, and a second one to be refused',
  kind: 'table',
  defaults: { rounds: '15' },
  run: async ({ rounds }, report) => {
    for (const comparison of [readyTime, refusalTime]) report.figure(await compare(comparison, rounds));
  },
};

function timeToRefusal(server: Server): Promise<number> {
  return withServer(server, async (holder, port) => {
    await holder.printed(server.listening);
    const begun = performance.now();
    const exit = await server.refuse(port).ended();
    const ms = performance.now() - begun;
    if (exit === 0) throw new Error('the second start was not refused');
    return ms;
  });
}
