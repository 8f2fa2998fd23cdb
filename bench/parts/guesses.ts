import { setTimeout as delay } from 'node:timers/promises';

import { WebSocket } from 'ws';

import { within } from '../../test/kit/deadline.js';
import { TOKEN } from '../../test/kit/token.js';
import { BIN, builtFixture } from '../kit/built.js';
import { Child } from '../kit/child.js';
import { Distribution } from '../kit/distribution.js';
import { format } from '../kit/figure.js';
import type { Part, Report } from '../kit/part.js';
import { progress } from '../kit/progress.js';
import { GATEWAY, withServer, type Server } from '../kit/servers.js';
import { OPENCLAW } from '../load/dialects.js';

/** From the start of the guessers to the first measurement. */
const SETTLE_MS = 500;
const PAUSE_MS = 20;
const DEADLINE_MS = 20_000;
/** The aim for the p95. */
const MOST_MS = 100;
/** What one caller may have compared in any second, where the token can be guessed. */
const MOST_GUESSES = 4;
const SHORT_TOKEN = 'a-short-token';
/** Believed, as all that comes from there is: the guessers that come through it bind to it. */
const PROXY = '127.0.0.2';
/** `nobody`, by convention: the own user and root are not braked, since they can read the token. */
const STRANGER = 65_534;

interface Guessers {
  readonly name: string;
  readonly host: string;
  readonly connections: number;
  /** Shown by all, again and again; each shows another one each time where it is missing. */
  readonly token?: string;
  /** @default the user of this process */
  readonly uid?: number;
  readonly from?: string;
  readonly forwardedFor?: string;
}

const GUESSERS: readonly Guessers[] = [
  { name: '10 with an old token', host: '127.0.0.1', connections: 10, token: 'a-token-that-was-right-once' },
  { name: '24 with different ones', host: '127.0.0.1', connections: 24 },
  { name: '24 with different ones, from ::1', host: '[::1]', connections: 24 },
];

const OF_SHORT: readonly Guessers[] = [
  { name: '24 of one user', host: '127.0.0.1', connections: 24, uid: STRANGER },
  { name: '24 of one user, from 127.8.8.8', host: '127.0.0.1', connections: 24, uid: STRANGER, from: '127.8.8.8' },
  { name: '24 of one user, from ::1', host: '[::1]', connections: 24, uid: STRANGER },
  { name: '24 through one proxy', host: '127.0.0.1', connections: 24, from: PROXY, forwardedFor: '192.0.2.1' },
];

const GUESSABLE: Server = {
  ...GATEWAY,
  start: (port) =>
    new Child([BIN, 'gateway', '--port', String(port), '--token', SHORT_TOKEN, '--trusted-proxy', PROXY]),
};

export const guesses: Part<'seconds'> = {
  name: 'guesses',
  about: 'how long a right token takes to be let in beside wrong ones, and how many of these are compared',
  kind: 'aside',
  defaults: { seconds: '3' },
  run: async ({ seconds }, report) => {
    // First, since the kernel keeps a row for each connection for a minute after its end, and the gateway reads all of
    // them to tell whose the next short token is.
    if (process.getuid?.() === 0) await besideAll(GUESSABLE, SHORT_TOKEN, OF_SHORT, seconds, report);
    else report.note('Guesses at a short token were left out: they take root, to be another user.');
    await besideAll(GATEWAY, TOKEN, GUESSERS, seconds, report);
  },
};

/** A table of what comes in beside each kind of guessers. */
async function besideAll(
  server: Server,
  token: string,
  kinds: readonly Guessers[],
  seconds: number,
  report: Report,
): Promise<void> {
  const isBraked = token === SHORT_TOKEN;
  await withServer(server, async (gateway, port) => {
    await gateway.printed(server.listening);
    const idle = await entries(port, token, seconds);
    const rows = [rowOf('none: idle', 0, idle, 'what it stands beside')];
    for (const [index, guessers] of kinds.entries()) {
      const { times, perSecond } = await besideGuessers(port, token, guessers, seconds);
      const isInTime = times.quantile(0.95) <= MOST_MS;
      // A measurement can begin and end in the midst of a second.
      const isSlow = !isBraked || perSecond <= (MOST_GUESSES * (seconds + 1)) / seconds;
      rows.push(rowOf(guessers.name, perSecond, times, isSlow ? (isInTime ? 'in time' : 'late') : 'not braked'));
      if (!isInTime) report.fault(`beside ${guessers.name}: ${format(times.quantile(0.95))} ms`);
      if (!isSlow) report.fault(`${guessers.name}: ${format(perSecond)} guesses a second`);
      progress(index + 1, kinds.length, isBraked ? 'kinds of guessers at a short token' : 'kinds of guessers');
    }
    report.table({
      title:
        `From a new connection to the client that is let in, in ms. In time: the p95 within ${MOST_MS}.\n` +
        (isBraked
          ? `The token can be guessed: of one caller ${MOST_GUESSES} new ones are compared in a second.`
          : 'The token cannot be guessed, so that every one is compared.'),
      columns: ['guessers', 'compared a second', 'p50', 'p95', ''],
      rows,
    });
  });
}

function rowOf(name: string, perSecond: number, times: Distribution, verdict: string): string[] {
  return [name, format(perSecond), format(times.median), format(times.quantile(0.95)), verdict];
}

async function besideGuessers(
  port: number,
  right: string,
  { host, connections, token = '', uid = process.getuid?.(), from, forwardedFor }: Guessers,
  seconds: number,
): Promise<{ readonly times: Distribution; readonly perSecond: number }> {
  const further = [from, forwardedFor].filter((one) => one !== undefined);
  const url = `ws://${host}:${port}`;
  const child = new Child([builtFixture('token-guesser'), String(uid), url, String(connections), token, ...further]);
  try {
    await child.printed(/^wrong$/m);
    await delay(SETTLE_MS);
    const [begun, before] = [performance.now(), comparedOf(child)];
    const times = await entries(port, right, seconds);
    return { times, perSecond: ((comparedOf(child) - before) * 1_000) / (performance.now() - begun) };
  } finally {
    await child.kill();
  }
}

function comparedOf({ output }: Child): number {
  return output.match(/^wrong$/gm)?.length ?? 0;
}

/** How long one client after the other takes to be let in. */
async function entries(port: number, token: string, seconds: number): Promise<Distribution> {
  const times: number[] = [];
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    const begun = performance.now();
    await enter(port, token);
    times.push(performance.now() - begun);
    await delay(PAUSE_MS);
  }
  return new Distribution(times);
}

async function enter(port: number, token: string): Promise<void> {
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
          else client.send((OPENCLAW.admission?.request ?? '').replace(TOKEN, token));
        });
      }),
    );
  } finally {
    client.removeAllListeners().on('error', () => undefined);
    client.terminate();
  }
}
