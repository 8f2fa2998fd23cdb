import { setTimeout as delay } from 'node:timers/promises';

import { freePort } from '../../test/kit/ports.js';
import { temporaryHome, type Child } from '../kit/child.js';
import { Clients } from '../kit/clients.js';
import { compare, figureOf, ratioAtMost } from '../kit/figure.js';
import type { Part } from '../kit/part.js';
import { settled } from '../kit/party.js';
import { residentMegabytes } from '../kit/proc.js';
import { progress } from '../kit/progress.js';
import { BARE, GATEWAY, withServer, type Server } from '../kit/servers.js';

const CLIENTS = 1_000;
/** How many gateways, and as many bare servers, idle at the same time. */
const PAIRS = 3;
/** After which an idle process has come to rest. */
const REST_MS = 1_000;
const SECONDS_OF_A_MINUTE = 60;

export const idle: Part<'rounds' | 'seconds'> = {
  name: 'idle',
  about: 'memory of a gateway that serves no client, processor time of one whose clients say nothing',
  kind: 'table',
  defaults: { rounds: '5', seconds: '60' },
  run: async ({ rounds, seconds }, report) => {
    const memory = {
      name: 'resident memory, idle',
      unit: 'MiB',
      beside: 'bare ws server',
      aim: ratioAtMost(2),
      gateway: () => idleMemory(GATEWAY),
      bare: () => idleMemory(BARE),
    };
    report.figure(await compare(memory, rounds));
    const { gateway, bare } = await idleProcessorTimes(seconds);
    report.figure(
      figureOf(
        {
          name: `processor time of ${CLIENTS.toLocaleString('en')} idle clients, over ${seconds} s`,
          unit: 'ms/min',
          beside: 'bare ws, same pings',
          aim: ratioAtMost(1.5),
        },
        gateway,
        bare,
      ),
    );
  },
};

/** Megabytes, of a process of its own. */
export function idleMemory(server: Server): Promise<number> {
  return withServer(server, async (child) => {
    await child.printed(server.listening);
    await delay(REST_MS);
    return residentMegabytes(child.pid);
  });
}

/** Milliseconds in a minute. All servers start in the same moment, so that as many of their pings are counted. */
async function idleProcessorTimes(seconds: number): Promise<{ gateway: number[]; bare: number[] }> {
  const servers = Array.from({ length: PAIRS }, () => [GATEWAY, BARE]).flat();
  const begun: (Child | Clients)[] = [];
  try {
    const children = await Promise.all(servers.map((server) => startWithClients(server, begun)));
    await settled(CLIENTS);
    const before = await Promise.all(children.map(processorTime));
    for (let passed = 1; passed <= seconds; passed++) {
      await delay(1_000);
      progress(passed, seconds, `${CLIENTS} idle clients`, 'seconds');
    }
    const after = await Promise.all(children.map(processorTime));
    const of = (server: Server): number[] =>
      servers.flatMap((one, index) =>
        one === server ? [(((after[index] ?? NaN) - (before[index] ?? NaN)) / seconds) * SECONDS_OF_A_MINUTE] : [],
      );
    return { gateway: of(GATEWAY), bare: of(BARE) };
  } finally {
    await Promise.all(begun.map((one) => one.kill()));
  }
}

/** @param begun takes what is to be ended, even if it fails */
async function startWithClients(server: Server, begun: (Child | Clients)[]): Promise<Child> {
  const port = await freePort();
  const child = server.start(port, { isObserved: true, home: temporaryHome() });
  begun.push(child);
  await child.printed(server.listening);
  const clients = new Clients(port, server.dialect);
  begun.push(clients);
  await clients.open(CLIENTS);
  return child;
}

function processorTime(child: Child): Promise<number> {
  return child.call('processorTime');
}
