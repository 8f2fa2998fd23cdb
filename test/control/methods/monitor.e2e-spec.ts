import { get } from 'node:http';

import { httpUrl } from '../../kit/app.js';
import { startControl } from '../../kit/control.js';
import { within } from '../../kit/deadline.js';
import { Client } from '../../kit/net.js';
import { knock, Operator } from '../../kit/operator.js';
import { onCleanUp } from '../../kit/cleaner.js';

const number = expect.any(Number) as number;
const DEADLINE_MS = 10_000;

describe('a method to watch a gateway by', () => {
  it('gateway.clients: every client, with how much it has asked', async () => {
    const { lock } = await startControl();
    const first = await Operator.open(lock.url);
    await first.call('health');
    await first.call('no such method');
    await Operator.open(lock.url, { params: { client: { id: 'ui', version: '2', platform: 'web', mode: 'ui' } } });

    const { payload } = await first.call('gateway.clients');

    const entry = { id: expect.any(String) as string, ip: '127.0.0.1', since: number };
    expect(payload).toEqual({
      clients: [
        { ...entry, clientId: 'test', version: '1.0.0', platform: 'test', mode: 'backend', requests: 3 },
        { ...entry, clientId: 'ui', version: '2', platform: 'web', mode: 'ui', requests: 0 },
      ],
    });
  });

  it('gateway.metrics: what was asked and refused, and how the process fares', async () => {
    const { lock } = await startControl();
    const operator = await Operator.open(lock.url);
    await operator.call('health');
    await knock(await Client.open(lock.url), { auth: { token: 'a-wrong-token' } });
    const refused = await fetch(httpUrl(lock.url, '/'), { headers: { Origin: 'https://evil.example' } });

    const { payload } = await operator.call('gateway.metrics');

    expect(refused.status).toBe(403);
    expect(payload).toEqual({
      ts: number,
      requests: 1,
      refused: { 'origin not allowed': 1 },
      handshakeFailures: { 'token mismatch': 1 },
      dropped: {},
      eventLoopDelay: { count: number, seconds: number },
      memory: { rssBytes: number, heapUsedBytes: number },
      standbys: 0,
    });
  });

  it('gateway.metrics: how many processes stand by', async () => {
    const { lock } = await startControl();
    const operator = await Operator.open(lock.url);
    const standby = get(httpUrl(lock.url, '/.well-known/gateway/watch'), { agent: false });
    onCleanUp(() => standby.destroy());
    standby.on('error', () => undefined);
    await within(DEADLINE_MS, 'the answer to a standby', new Promise((resolve) => standby.once('response', resolve)));

    expect((await operator.call('gateway.metrics')).payload).toMatchObject({ standbys: 1 });
  });
});
