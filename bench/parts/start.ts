import { reservePorts } from '../../test/kit/ports.js';
import type { Child, Exit } from '../kit/child.js';
import { compare, ratioAtMost, type Aim, type Comparison } from '../kit/figure.js';
import type { Part } from '../kit/part.js';
import { BARE, GATEWAY, runCommand, timeToReady, withServer, type Server } from '../kit/servers.js';

/** By the major version of Node. */
const READY_AIMS: Readonly<Record<string, Aim>> = { 20: ratioAtMost(1.4), 24: ratioAtMost(1.5) };
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
  aim: ratioAtMost(1.2),
  gateway: () => timeToRefusal(GATEWAY),
  bare: () => timeToRefusal(BARE),
};

export const statusTime = commandTime('status', (port) => ['status', '--port', String(port)]);

/** What an operator types beside it, each where no gateway runs. */
const COMMANDS: readonly Comparison[] = [
  commandTime('stop of no gateway', (_port, free) => ['stop', '--port', String(free)]),
  commandTime('gateway ports', () => ['gateway', 'ports']),
  commandTime('--version', () => ['--version']),
  commandTime('--help', () => ['--help']),
];

export const start: Part<'rounds'> = {
  name: 'start',
  about: 'how long a start takes, a second one to be refused, and a command to answer',
  kind: 'table',
  defaults: { rounds: '15' },
  run: async ({ rounds }, report) => {
    for (const comparison of [readyTime, refusalTime, statusTime, ...COMMANDS]) {
      report.figure(await compare(comparison, rounds));
    }
  },
};

/** @param args are given the port of a gateway, and one that is free */
function commandTime(name: string, args: (port: number, free: number) => readonly string[]): Comparison {
  return {
    name: `exec to the end of ${name}`,
    unit: 'ms',
    beside: 'a refusal',
    aim: ratioAtMost(1.2),
    gateway: () =>
      withServer(GATEWAY, async (holder, port) => {
        await holder.printed(GATEWAY.listening);
        const { port: free, release } = await reservePorts();
        const { ms } = await timeOf(() => runCommand(args(port, free)));
        release();
        return ms;
      }),
    bare: () => timeToRefusal(GATEWAY),
  };
}

function timeToRefusal(server: Server): Promise<number> {
  return withServer(server, async (holder, port) => {
    await holder.printed(server.listening);
    const { ms, exit } = await timeOf(() => server.refuse(port));
    if (exit === 0) throw new Error('the second start was not refused');
    return ms;
  });
}

/** From its start to its end. */
async function timeOf(start: () => Child): Promise<{ readonly ms: number; readonly exit: Exit }> {
  const begun = performance.now();
  const exit = await start().ended();
  return { ms: performance.now() - begun, exit };
}
