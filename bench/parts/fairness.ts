import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import { WebSocket } from 'ws';

import { within } from '../../test/kit/deadline.js';
import { floodsOf } from '../fairness/floods.js';
import { builtScript } from '../kit/built.js';
import { Child } from '../kit/child.js';
import { Distribution } from '../kit/distribution.js';
import { format } from '../kit/figure.js';
import type { Part } from '../kit/part.js';
import { progress } from '../kit/progress.js';
import { GATEWAY, withServer } from '../kit/servers.js';
import { OPENCLAW } from '../load/dialects.js';

const FLOODERS = 16;
/** From the start of the flooders to the first measurement. */
const SETTLE_MS = 500;
/** Between two new connections that ask whether the gateway lives. */
const PROBE_PAUSE_MS = 20;
const REQUEST_PAUSE_MS = 2;
const DEADLINE_MS = 20_000;
const MOST_REQUEST_MS = { least: 50, perIdle: 10 };
const MOST_PROBE_MS = 100;

/** Milliseconds. */
interface Waits {
  readonly requestP50: number;
  readonly requestP99: number;
  readonly probeP99: number;
}

export const fairness: Part<'seconds'> = {
  name: 'fairness',
  about: 'how long a client waits beside others that flood the gateway, of each kind of flood',
  kind: 'aside',
  defaults: { seconds: '3' },
  run: async ({ seconds }, report) => {
    await withServer(GATEWAY, async (gateway, port) => {
      await gateway.printed(GATEWAY.listening);
      const floods = floodsOf(port);
      const idle = await waits(port, seconds);
      const most = Math.max(MOST_REQUEST_MS.least, MOST_REQUEST_MS.perIdle * idle.requestP99);
      const rows = [rowOf('none: idle', idle, 'what it stands beside')];
      for (const [index, { name }] of floods.entries()) {
        const beside = await besideFlood(port, name, seconds);
        const isFair = beside.requestP99 <= most && beside.probeP99 <= MOST_PROBE_MS;
        rows.push(rowOf(name, beside, isFair ? 'fair' : 'not fair'));
        if (!isFair) report.fault(`beside ${name}: ${format(beside.requestP99)} and ${format(beside.probeP99)} ms`);
        progress(index + 1, floods.length, 'kinds of floods');
      }
      report.table({
        title:
          `How long another client waits beside ${FLOODERS} that flood, in ms. Fair: the p99 of a request within ${format(most)} ms\n` +
          `(${MOST_REQUEST_MS.perIdle} times idle, or ${MOST_REQUEST_MS.least}), that of /healthz over a new connection within ${MOST_PROBE_MS}.`,
        columns: ['flood', 'request p50', 'request p99', '/healthz p99', ''],
        rows,
      });
    });
  },
};

function rowOf(name: string, { requestP50, requestP99, probeP99 }: Waits, verdict: string): string[] {
  return [name, format(requestP50), format(requestP99), format(probeP99), verdict];
}

async function besideFlood(port: number, name: string, seconds: number): Promise<Waits> {
  const flooder = new Child([builtScript('fairness/flooder'), String(port), name, String(FLOODERS)]);
  try {
    await flooder.printed(/^flooding$/m);
    await delay(SETTLE_MS);
    return await waits(port, seconds);
  } finally {
    await flooder.kill();
  }
}

/** What a client that is let in waits for one request after the other, and what a new connection waits for a probe. */
async function waits(port: number, seconds: number): Promise<Waits> {
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  try {
    await answer(client, OPENCLAW.admission?.request ?? '');
    const end = performance.now() + seconds * 1_000;
    const [requests, probes] = await Promise.all([ask(client, end), probe(port, end)]);
    const distribution = new Distribution(requests);
    return {
      requestP50: distribution.median,
      requestP99: distribution.quantile(0.99),
      probeP99: new Distribution(probes).quantile(0.99),
    };
  } finally {
    client.terminate();
  }
}

async function ask(client: WebSocket, until: number): Promise<number[]> {
  const times: number[] = [];
  while (performance.now() < until) {
    const begun = performance.now();
    client.send('{"type":"req","id":"1","method":"health"}');
    await answer(client);
    times.push(performance.now() - begun);
    await delay(REQUEST_PAUSE_MS);
  }
  return times;
}

/** Resolves with the next answer; a first request is sent when the gateway has challenged the client. */
async function answer(client: WebSocket, first?: string): Promise<void> {
  await within(
    DEADLINE_MS,
    'an answer',
    new Promise<void>((resolve, reject) => {
      client.once('error', reject).once('close', reject);
      client.on('message', (data: Buffer) => {
        const isAnswer = data.includes('"type":"res"');
        if (!isAnswer && first !== undefined) client.send(first);
        if (!isAnswer) return;
        client.removeAllListeners();
        resolve();
      });
    }),
  );
}

async function probe(port: number, until: number): Promise<number[]> {
  const times: number[] = [];
  while (performance.now() < until) {
    const begun = performance.now();
    await new Promise<void>((resolve, reject) => {
      get({ host: '127.0.0.1', port, path: '/healthz', agent: false }, (response) => {
        response.resume().once('end', () => resolve());
      }).once('error', reject);
    });
    times.push(performance.now() - begun);
    await delay(PROBE_PAUSE_MS);
  }
  return times;
}
