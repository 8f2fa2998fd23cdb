import { ConnectedSocket, SubscribeMessage, WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { WebSocket } from 'ws';

import { GatewayClients } from '../../../src/index.js';
import { emptied, startControl } from '../../kit/control.js';
import { Gate } from '../../kit/gate.js';
import { Opcode } from '../../kit/frames.js';
import { Client, muteWebSocket } from '../../kit/net.js';
import { ABOUT, isEvent, Operator, type Event, type Response } from '../../kit/operator.js';
import { RawPeer } from '../../kit/raw-peer.js';
import { TOKEN } from '../../kit/token.js';

const SLOW_LIMIT = 256 * 1024;

/** Greets each client that comes, which is before they know that they are in. */
@WebSocketGateway()
class Greeter implements OnGatewayConnection {
  constructor(private readonly clients: GatewayClients) {}

  handleConnection(socket: WebSocket): void {
    this.clients.of(socket)?.send('welcome', { n: 1 });
    this.clients.of(socket)?.send('welcome', { n: 2 });
  }

  @SubscribeMessage('whoami')
  whoAmI(@ConnectedSocket() socket: WebSocket): object {
    const { id, scopes, about } = this.clients.of(socket) ?? {};
    return { id, scopes, mode: about?.mode };
  }
}

describe('events', () => {
  it('that are sent while a client comes in follow its hello, numbered from 1', async () => {
    const { lock } = await startControl({ providers: [Greeter] });
    const client = await Client.open(lock.url);
    await client.next();

    client.send({ type: 'req', id: 'c', method: 'connect', params: { ...ABOUT, auth: { token: TOKEN } } });

    expect(await client.next()).toMatchObject({ type: 'res', id: 'c', ok: true });
    expect(await client.next()).toEqual({ type: 'event', event: 'welcome', payload: { n: 1 }, seq: 1 });
    expect(await client.next()).toEqual({ type: 'event', event: 'welcome', payload: { n: 2 }, seq: 2 });
  });

  it('are numbered for each connection on its own, without gaps', async () => {
    const { lock, clients } = await startControl({ providers: [Greeter] });
    const early = await Operator.open(lock.url);
    clients.send('news', 'for the early');
    const late = await Operator.open(lock.url);
    for (let n = 0; n < 20; n++) clients.send('news', n);
    clients.send('last', null);

    for (const [{ client }, heard] of [
      [early, 1 + 2 + 20 + 1],
      [late, 2 + 20 + 1],
    ] as const) {
      const seen: (number | undefined)[] = [];
      let event: Event;
      do {
        event = await client.take(isEvent);
        // The first one that it heard was the challenge, which has no number.
        if (event.event !== 'connect.challenge') seen.push(event.seq);
      } while (event.event !== 'last');
      expect(seen).toEqual(seen.map((_, index) => index + 1));
      expect(seen.length).toBeGreaterThanOrEqual(heard);
    }
  });

  it('go to all clients, to some, or to one', async () => {
    const { lock, clients } = await startControl();
    const operators = [await Operator.open(lock.url), await Operator.open(lock.url), await Operator.open(lock.url)];
    const [first, second] = clients;

    clients.send('all', 1);
    clients.send('some', 2, { to: (client) => client !== first });
    second?.send('one', 3);
    clients.send('end', null);

    const heard = await Promise.all(
      operators.map(async (operator) => {
        await operator.event('end');
        return operator.client.messages
          .map((message) => (message as Event).event)
          .filter((name) => name !== 'presence');
      }),
    );
    expect(heard).toEqual([['all'], ['all', 'some', 'one'], ['all', 'some']]);
  });

  it('that are long go out as two frames, the first of which is the same for all clients', async () => {
    const { lock, clients } = await startControl();
    const operator = await Operator.open(lock.url);
    const peer = await RawPeer.admitted(lock.url);
    const text = 'ä'.repeat(10_000);

    clients.send('short', 1);
    clients.send('long', text);
    clients.send('short', 2);

    const first = await peer.firstFragment();
    expect(JSON.parse(`${first.payload.toString()}}`)).toEqual({ type: 'event', event: 'long', payload: text });
    const second = await peer.take(Opcode.CONTINUATION);
    expect(second.payload.toString()).toMatch(/^,"seq":\d+\}$/);
    expect(second.fin).toBe(true);
    const before = await operator.event('short');
    const long = await operator.event('long');
    const after = await operator.event('short');
    expect(long.payload).toBe(text);
    expect([before, long, after].map(({ seq }) => (seq ?? 0) - (before.seq ?? 0))).toEqual([0, 1, 2]);
  });

  it('may say which state they are of', async () => {
    const { lock, clients } = await startControl();
    const operator = await Operator.open(lock.url);

    clients.send('news', {}, { stateVersion: { presence: 7, health: 8 } });

    expect(await operator.event('news')).toMatchObject({ stateVersion: { presence: 7, health: 8 } });
  });

  it('without a form in JSON are refused, and cost no client its connection', async () => {
    const { lock, clients } = await startControl();
    const operator = await Operator.open(lock.url);

    expect(() => clients.send('big', 1n)).toThrow(TypeError);
    clients.send('small', 1);

    expect((await operator.event('small')).seq).toEqual(expect.any(Number));
  });
});

describe('GatewayClients', () => {
  it('knows the admitted clients, by socket too, and forgets one that has gone', async () => {
    const { lock, adapter, clients } = await startControl({ providers: [Greeter] });
    await Client.open(lock.url);
    const operator = await Operator.open(lock.url);

    const { id } = (await operator.call('whoami')).payload as { id: string };

    expect(clients.size).toBe(1);
    expect([...clients].map((client) => client.id)).toEqual([id]);
    for (const socket of adapter.clients.keys()) socket.terminate();
    await emptied(adapter);
    expect([...clients]).toEqual([]);
  });

  it('can close a client with a code of the app', async () => {
    const { lock, clients } = await startControl();
    const operator = await Operator.open(lock.url);

    for (const client of clients) client.close(4000, 'enough');

    expect(await operator.close()).toEqual({ code: 4000, reason: 'enough' });
  });
});

describe('the gateway tells', () => {
  it('that time passes, and how it goes', async () => {
    const { lock } = await startControl({ lock: { clients: { tickIntervalMs: 20 } } });
    const operator = await Operator.open(lock.url);

    const [first, second] = [await operator.event('tick'), await operator.event('tick')];

    const at = ({ payload }: Event): number => (payload as { ts: number }).ts;
    expect(at(second)).toBeGreaterThan(at(first));
    expect(await operator.event('health')).toMatchObject({
      payload: { ok: true, clients: 1 },
      stateVersion: { health: expect.any(Number) as number },
    });
  });

  it('how it goes with every second tick', async () => {
    const { lock } = await startControl({ lock: { clients: { tickIntervalMs: 20 } } });
    const operator = await Operator.open(lock.url);
    const names: string[] = [];
    while (names.filter((name) => name === 'health').length < 2) {
      const { event } = await operator.client.take(isEvent);
      if (event === 'tick' || event === 'health') names.push(event);
    }

    expect(names.slice(names.indexOf('health'))).toEqual(['health', 'tick', 'tick', 'health']);
  });

  it('clients that come and go', async () => {
    const { lock } = await startControl();
    const watcher = await Operator.open(lock.url);
    const heardOf = async (count: number): Promise<Event> => {
      for (;;) {
        const event = await watcher.event('presence');
        if ((event.payload as { presence: unknown[] }).presence.length === count) return event;
      }
    };
    await heardOf(1);

    const about = { ...ABOUT.client, id: 'visitor', mode: 'ui' };
    const visitor = await Operator.open(lock.url, { params: { client: about } });
    const come = await heardOf(2);
    visitor.client.socket.close();
    const gone = await heardOf(1);

    expect(come.payload).toMatchObject({ presence: [{ clientId: 'test' }, { clientId: 'visitor', mode: 'ui' }] });
    const version = (event: Event): number =>
      (event as { stateVersion?: { presence: number } }).stateVersion?.presence ?? 0;
    expect(version(gone)).toBeGreaterThan(version(come));
  });
});

describe('a client that reads too slowly', () => {
  it('is closed with 1013, and no other is', async () => {
    const { lock, clients, adapter } = await startControl({ lock: { ws: { maxBufferedBytes: SLOW_LIMIT } } });
    const slow = await Operator.open(lock.url);
    const [slowSocket] = adapter.clients.keys();
    const quick = await Operator.open(lock.url);

    slow.client.socket.pause();
    // What the operating system takes for it comes first.
    for (let sent = 0; sent < 8_000; sent++) {
      clients.send('flood', 'x'.repeat(SLOW_LIMIT / 2));
      // It has a moment to read what was kept for it, and on a busy machine the other one hears late.
      if (slowSocket?.readyState !== slowSocket?.OPEN) break;
      await quick.event('flood');
    }
    // A client that is refused now, and does not answer the close, is cut off before the slow one.
    const refused = await RawPeer.open(lock.url);
    await refused.ask('connect', 'connect', { ...ABOUT, auth: { token: 'wrong' } });
    await refused.gone;
    slow.client.socket.resume();

    expect((await slow.close()).code).toBe(1013);
    expect((await quick.call('health')).ok).toBe(true);
  });
});

describe('when the gateway stops', () => {
  it.each([
    [5_000, 1012, 'service restart'],
    [0, 1012, 'service restart'],
    [null, 1001, 'gateway stopped'],
  ])('and is expected back in %p ms, clients are told, and closed with %d', async (restartExpectedMs, code, reason) => {
    const { lock } = await startControl();
    const [inside, outside] = [await Operator.open(lock.url), await Client.open(lock.url)];
    await outside.next();

    const stopped = lock.beginShutdown({ reason: 'an update', restartExpectedMs });

    const shutdown = { type: 'event', event: 'shutdown', payload: { reason: 'an update', restartExpectedMs } };
    expect(await inside.event('shutdown')).toEqual({ ...shutdown, seq: expect.any(Number) as number });
    expect(await outside.next()).toEqual(shutdown);
    expect(await inside.close()).toEqual({ code, reason });
    expect(await outside.close()).toEqual({ code, reason });
    await stopped;
  });

  it('a request that runs is answered first', async () => {
    const started = new Gate();
    const finished = new Gate();
    @WebSocketGateway()
    class Working {
      @SubscribeMessage('work')
      async work(): Promise<string> {
        started.open();
        await finished.opened;
        return 'done';
      }
    }
    const { lock } = await startControl({ providers: [Working] });
    const operator = await Operator.open(lock.url);
    const answer = operator.call('work');
    await started.opened;

    const stopped = lock.beginShutdown();
    await operator.event('shutdown');
    finished.open();

    expect(await answer).toMatchObject({ ok: true, payload: 'done' } satisfies Partial<Response>);
    expect((await operator.close()).code).toBe(1001);
    await stopped;
  });

  it('a client that never answers the close frame is cut off', async () => {
    const { lock, adapter } = await startControl({ lock: { shutdownGraceMs: 50 } });
    const mute = await muteWebSocket(lock.url);
    const gone = new Promise((resolve) => mute.once('close', resolve));

    await lock.beginShutdown();

    await gone;
    expect(adapter.clients.size).toBe(0);
  });
});
