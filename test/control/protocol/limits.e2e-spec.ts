import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { WebSocket } from 'ws';

import { GatewayClients } from '../../../src/index.js';
import { startControlApp } from '../../kit/control-app.js';
import { within } from '../../kit/deadline.js';
import { Gate } from '../../kit/gate.js';
import { Client, muteWebSocket, upgradeStatus } from '../../kit/net.js';
import { Operator } from '../../kit/operator.js';
import { proven } from '../../kit/proven.js';
import { closed, CROWD, DEADLINE_MS, expectServed, metricsOf } from './flood.js';

describe('ws.maxConnections', () => {
  it('answers 503 to one more, and admits clients again when one has gone', async () => {
    const gateway = await startControlApp({ lock: { ws: { maxConnections: 2 } } });
    const [first, second] = [await Operator.open(gateway.url), await Operator.open(gateway.url)];

    expect(await upgradeStatus(gateway.url)).toBe(503);
    expect(await upgradeStatus(`${gateway.url}/elsewhere`)).toBe(503);
    expect(await second.call('health')).toMatchObject({ ok: true });
    expect(await metricsOf(gateway)).toContain('gateway_refused_total{reason="too many connections"} 2');

    first.client.socket.close();
    await first.close();
    expect(await upgradeStatus(gateway.url)).toBe(101);
  });
});

describe('clients.maxHandshakes', () => {
  it('closes the oldest clients when there is a flood of those that never ask to be let in', async () => {
    const gateway = await startControlApp({ lock: { clients: { maxHandshakes: 2 } } });
    const before = await Operator.open(gateway.url);
    const silent: Client[] = [];
    for (let count = 0; count < 2 * CROWD + 10; count++) silent.push(await Client.open(gateway.url));

    const ends = await Promise.all(silent.slice(0, 10).map((client) => client.close()));

    expect(new Set(ends.map(({ code, reason }) => `${code} ${reason}`))).toEqual(new Set(['1013 too many handshakes']));
    expect(await before.call('health')).toMatchObject({ ok: true });
    await expectServed(gateway);
  });

  it('does not count an admitted client', async () => {
    const gateway = await startControlApp({ lock: { clients: { maxHandshakes: 1 } } });
    const operators: Operator[] = [];
    for (let count = 0; count < CROWD + 2; count++) operators.push(await Operator.open(gateway.url));
    for (const operator of operators) expect(await operator.call('health')).toMatchObject({ ok: true });
  });
});

describe('clients.handshakeTimeoutMs', () => {
  it('closes a client that sends no connect request', async () => {
    const gateway = await startControlApp({ lock: { clients: { handshakeTimeoutMs: 100 } } });
    const silent = await Client.open(gateway.url);
    expect(await silent.close()).toEqual({ code: 1008, reason: 'handshake timeout' });
    await expectServed(gateway);
  });
});

describe('clients.maxRequests', () => {
  it('refuses a client one more at once, and takes it when another has ended', async () => {
    const gate = new Gate();
    @WebSocketGateway()
    class Slow {
      @SubscribeMessage('wait')
      async wait(): Promise<string> {
        await gate.opened;
        return 'done';
      }
    }
    const gateway = await startControlApp({ providers: [Slow], lock: { clients: { maxRequests: 3 } } });
    const [greedy, modest] = [await Operator.open(gateway.url), await Operator.open(gateway.url)];
    const waiting = [greedy.call('wait'), greedy.call('wait'), greedy.call('wait')];

    const refused = await greedy.call('health');

    expect(refused).toMatchObject({ ok: false, error: { code: 'UNAVAILABLE', retryable: true } });
    expect(await modest.call('health')).toMatchObject({ ok: true });
    gate.open();
    for (const answer of await Promise.all(waiting)) expect(answer).toMatchObject({ ok: true, payload: 'done' });
    expect(await greedy.call('health')).toMatchObject({ ok: true });
  });
});

describe('ws.maxPayloadBytes', () => {
  it('closes with 1009 a client whose message is longer, and serves the others', async () => {
    const gateway = await startControlApp({ lock: { ws: { maxPayloadBytes: 1_000 } } });
    const [greedy, modest] = [await Operator.open(gateway.url), await Operator.open(gateway.url)];
    greedy.client.send('x'.repeat(1_001));
    expect((await greedy.close()).code).toBe(1009);
    expect(await modest.call('health')).toMatchObject({ ok: true });
  });

  it('holds for a message in many parts too', async () => {
    const gateway = await startControlApp({ lock: { ws: { maxPayloadBytes: 1_000 } } });
    const greedy = await Operator.open(gateway.url);
    const { socket } = greedy.client;
    for (let part = 0; part < 3; part++) socket.send('x'.repeat(400), { fin: false });
    expect((await greedy.close()).code).toBe(1009);
    await expectServed(gateway);
  });
});

describe('ws.maxBufferedBytes', () => {
  it('closes with 1013 a client that does not read, while others get all of it', async () => {
    const gateway = await startControlApp({ lock: { ws: { maxBufferedBytes: 100_000 } } });
    const clients = gateway.app.get(GatewayClients);
    const [stuck, reader] = [await Operator.open(gateway.url), await Operator.open(gateway.url)];
    stuck.client.socket.pause();
    const text = 'x'.repeat(100_000);
    const [inside] = clients;
    if (!inside) throw new Error('nobody is in');

    let sent = 0;
    while (inside.socket.readyState === inside.socket.OPEN) {
      clients.send('news', { number: sent++, text });
      expect((await reader.event('news')).payload).toEqual({ number: sent - 1, text });
    }

    stuck.client.socket.resume();
    expect(await stuck.close()).toEqual({ code: 1013, reason: 'reads too slowly' });
    expect(await reader.call('health')).toMatchObject({ ok: true });
    expect(await metricsOf(gateway)).toContain('gateway_dropped_clients_total{reason="slow"} 1');
  });
});

describe('a flood of pings', () => {
  const PINGS = 200_000;

  it('from a client that does not read leaves nothing behind, and the last of them is answered', async () => {
    const gateway = await startControlApp();
    const [stuck, reader] = [await Operator.open(gateway.url), await Operator.open(gateway.url)];
    const [inside] = gateway.app.get(GatewayClients);
    if (!inside) throw new Error('nobody is in');
    let heard = 0;
    const all = new Promise<void>((resolve) => inside.socket.on('ping', () => ++heard === PINGS && resolve()));
    const { socket } = stuck.client;
    socket.pause();

    for (let count = 1; count <= PINGS; count++) {
      socket.ping(String(count).padStart(125));
      if (count % 1_000 === 0) expect(await reader.call('health')).toMatchObject({ ok: true });
    }
    await within(DEADLINE_MS, 'the last ping', all);

    expect(inside.socket.bufferedAmount).toBeLessThan(100_000);
    const answered = new Promise<void>((resolve) => {
      socket.on('pong', (data) => data.toString().trim() === String(PINGS) && resolve());
    });
    socket.resume();
    await within(DEADLINE_MS, 'the answer to the last ping', answered);
    proven(`${PINGS} pings from a client that did not read: it cost no memory, and the last was answered`);
    // Far more than the time of one test, where both cores are busy.
  }, 120_000);
});

describe('ws.pingIntervalMs', () => {
  it('cuts off a client that gives no sign of life, and none that answers pings', async () => {
    const gateway = await startControlApp({ lock: { ws: { pingIntervalMs: 50 } } });
    const living = await Operator.open(gateway.url);
    const mute = await muteWebSocket(gateway.url);

    await closed(mute);

    expect(await living.call('health')).toMatchObject({ ok: true });
    expect(await metricsOf(gateway)).toContain('gateway_dropped_clients_total{reason="dead"} 1');
  });
});

describe('compression', () => {
  it('is not agreed on, so that no small message becomes a large one', async () => {
    @WebSocketGateway()
    class Echo {
      @SubscribeMessage('echo')
      echo(@MessageBody() data: unknown): unknown {
        return data;
      }
    }
    const gateway = await startControlApp({ providers: [Echo] });
    const operator = await Operator.open(gateway.url, { perMessageDeflate: true });
    const socket: WebSocket = operator.client.socket;
    expect(socket.extensions).toBe('');
    expect(await operator.call('echo', { text: 'x'.repeat(1_000) })).toMatchObject({ ok: true });
  });
});
