import { setTimeout as delay } from 'node:timers/promises';

import { EXPIRY_S, RENEW_MS, type Contend } from './contend.js';
import { NatsClient } from './nats-client.js';

const KEY = '$KV.fleet.office';
/** That an entry has expired is told to no one, so that those that wait look. */
const LOOK_MS = 500;
const BUCKET = {
  name: 'KV_fleet',
  subjects: ['$KV.fleet.>'],
  max_msgs_per_subject: 1,
  max_age: EXPIRY_S * 1e9,
  storage: 'memory',
  discard: 'new',
};

/** A key of a NATS bucket, made by the one that works, and made anew by it before it expires. */
export const nats: Contend = async (url, onWaiting) => {
  const client = await NatsClient.connect(url);
  await client.request(`$JS.API.STREAM.CREATE.${BUCKET.name}`, JSON.stringify(BUCKET));
  const put = (last: number): ReturnType<NatsClient['request']> =>
    client.request(KEY, 'held', `Nats-Expected-Last-Subject-Sequence: ${last}`);
  let wake: () => void = () => undefined;
  client.subscribe('fleet.free', () => wake());
  for (;;) {
    const { seq, error } = await put(0);
    if (!error && seq !== undefined) return holding(client, seq, put);
    const free = new Promise<void>((resolve) => (wake = resolve));
    onWaiting();
    await Promise.race([free, delay(LOOK_MS)]);
  }
};

function holding(
  client: NatsClient,
  token: number,
  put: (last: number) => ReturnType<NatsClient['request']>,
): Awaited<ReturnType<Contend>> {
  let last = token;
  const renewing = setInterval(() => void put(last).then(({ seq }) => (last = seq ?? last)), RENEW_MS);
  return {
    token: BigInt(token),
    release: async () => {
      clearInterval(renewing);
      await client.request(`$JS.API.STREAM.PURGE.${BUCKET.name}`, JSON.stringify({ filter: KEY }));
      client.publish('fleet.free');
      await client.close();
    },
  };
}
