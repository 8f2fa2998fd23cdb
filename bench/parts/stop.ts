import { Clients } from '../kit/clients.js';
import { compare, ratioAtMost, type Aim, type Comparison } from '../kit/figure.js';
import type { Part } from '../kit/part.js';
import { settled } from '../kit/party.js';
import { BARE, GATEWAY, untilFree, withServer, type Server } from '../kit/servers.js';
import { GRACE_MS } from '../servers/close-on-signal.js';

export const stop: Part<'rounds'> = {
  name: 'stop',
  about: 'how long a stop takes to free the port',
  kind: 'table',
  defaults: { rounds: '7' },
  run: async ({ rounds }, report) => {
    for (const comparison of [...[0, 100, 1_000].map(stopTime), muteStopTime]) {
      report.figure(await compare(comparison, rounds));
    }
  },
};

/** How long a server takes to stop whose clients answer the close. */
export function stopTime(clients: number): Comparison {
  return {
    ...ABOUT,
    ...(clients === 0 && { aim: withinAim }),
    name: `SIGTERM to port free, ${clients.toLocaleString('en')} clients that answer`,
    gateway: () => timeToFree(GATEWAY, clients),
    bare: () => timeToFree(BARE, clients),
  };
}

const ABOUT = { unit: 'ms', beside: 'bare ws server', aim: ratioAtMost(1.2) } as const;

/** Where there is hardly anything to wait for, a ratio says little. */
const WITHIN_MS = 1;
const withinAim: Aim = {
  text: `≤ beside + ${WITHIN_MS} ms`,
  isMet: ({ gateway, other }) => gateway.median <= other.median + WITHIN_MS,
};

const muteStopTime: Comparison = {
  ...ABOUT,
  name: `SIGTERM to port free, 1 that does not, ${GRACE_MS / 1_000} s of grace`,
  gateway: () => timeToFree(GATEWAY, 1, 'mute'),
  bare: () => timeToFree(BARE, 1, 'mute'),
};

/** In milliseconds. */
function timeToFree(server: Server, count: number, kind: 'polite' | 'mute' = 'polite'): Promise<number> {
  return withServer(server, async (child, port) => {
    await child.printed(server.listening);
    const clients = count > 0 ? new Clients(port, server.dialect) : undefined;
    try {
      await clients?.open(count);
      if (kind === 'mute') await clients?.pause();
      await settled(count);
      const begun = performance.now();
      child.signal('SIGTERM');
      await untilFree(port);
      return performance.now() - begun;
    } finally {
      await clients?.kill();
    }
  });
}
