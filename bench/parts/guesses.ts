import { setTimeout as delay } from 'node:timers/promises';

import { WebSocket } from 'ws';

import { within } from '../../test/kit/deadline.js';
import { builtFixture } from '../kit/built.js';
import { Child } from '../kit/child.js';
import { Distribution } from '../kit/distribution.js';
import { format } from '../kit/figure.js';
import type { Part } from '../kit/part.js';
import { progress } from '../kit/progress.js';
import { GATEWAY, withServer } from '../kit/servers.js';
import { OPENCLAW } from '../load/dialects.js';

/** From the start of the guessers to the first measurement. */
const SETTLE_MS = 500;
const PAUSE_MS = 20;
const DEADLINE_MS = 20_000;
/** Of the p95. */
const MOST_MS = 100;

interface Guessers {
  readonly name: string;
  readonly host: string;
  readonly connections: number;
  /** Shown by all, again and again; each shows another one each time where it is missing. */
  readonly token?: string;
}

const GUESSERS: readonly Guessers[] = [
  { name: '10 with an old token', host: '127.0.0.1', connections: 10, token: 'a-token-that-was-right-once' },
  { name: '24 with different ones', host: '127.0.0.1', connections: 24 },
  { name: '24 with different ones, from ::1', host: '[::1]', connections: 24 },
];

export const guesses: Part<'seconds'> = {
  name: 'guesses',
  about: 'how long a right token takes to be let in beside wrong ones that are shown without pause',
  kind: 'aside',
  defaults: { seconds: '3' },
  run: async ({ seconds }, report) => {
    await withServer(GATEWAY, async (gateway, port) => {
      await gateway.printed(GATEWAY.listening);
      const rows = [rowOf('none: idle', await entries(port, seconds), 'what it stands beside')];
      for (const [index, guessers] of GUESSERS.entries()) {
        const beside = await besideGuessers(port, guessers, seconds);
        const isFair = beside.quantile(0.95) <= MOST_MS;
        rows.push(rowOf(guessers.name, beside, isFair ? 'in time' : 'late'));
        if (!isFair) report.fault(`beside ${guessers.name}: ${format(beside.quantile(0.95))} ms`);
        progress(index + 1, GUESSERS.length, 'kinds of guessers');
      }
      report.table({
        title: `From a new connection to the client that is let in, in ms. In time: the p95 within ${MOST_MS}.`,
        columns: ['guessers', 'p50', 'p95', ''],
        rows,
      });
    });
  },
};

function rowOf(name: string, times: Distribution, verdict: string): string[] {
  return [name, format(times.median), format(times.quantile(0.95)), verdict];
}

async function besideGuessers(
  port: number,
  { host, connections, token = '' }: Guessers,
  seconds: number,
): Promise<Distribution> {
  const user = String(process.getuid?.() ?? '');
  const child = new Child([builtFixture('token-guesser'), user, `ws://${host}:${port}`, String(connections), token]);
  try {
    await child.printed(/^wrong$/m);
    await delay(SETTLE_MS);
    return await entries(port, seconds);
  } finally {
    await child.kill();
  }
}

/** How long one client after the other takes to be let in. */
async function entries(port: number, seconds: number): Promise<Distribution> {
  const times: number[] = [];
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    const begun = performance.now();
    await enter(port);
    times.push(performance.now() - begun);
    await delay(PAUSE_MS);
  }
  return new Distribution(times);
}

async function enter(port: number): Promise<void> {
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  try {
    await within(
      DEADLINE_MS,
      'the admission',
      new Promise<void>((resolve, reject) => {
        client.once('error', reject);
        client.once('close', reject);
        client.on('message', (data: Buffer) => {
          if (data.includes('hello-ok')) resolve();
          else if (data.includes('"type":"res"')) reject(new Error(`not let in: ${data.toString()}`));
          else client.send(OPENCLAW.admission?.request ?? '');
        });
      }),
    );
  } finally {
    client.removeAllListeners().on('error', () => undefined);
    client.terminate();
  }
}
