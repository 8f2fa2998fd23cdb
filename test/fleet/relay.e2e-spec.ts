import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { hostname } from 'node:os';

import type { GatewayLockOptions } from '../../src/index.js';
import { closeFrame } from '../../src/fleet/frame-follower.js';
import { userOfPort } from '../../src/holder/port-owner.js';
import { NOT_TO_RELAY } from '../../src/serving/stand-in.js';
import { MetricsReport } from '../../src/control/metrics/metrics-report.js';
import { httpUrl } from '../kit/app.js';
import { onCleanUp } from '../kit/cleaner.js';
import { createControl, startControl, type ControlApp } from '../kit/control.js';
import { until, within } from '../kit/deadline.js';
import { encodeFrame, Opcode } from '../kit/frames.js';
import { upgradeStatus } from '../kit/net.js';
import { Operator } from '../kit/operator.js';
import { freePort } from '../kit/ports.js';
import { RawPeer } from '../kit/raw-peer.js';
import { LINUX } from '../kit/sockets.js';
import { fakeDatabase, FakeSession } from './fake-session.js';

jest.mock('../../src/holder/port-owner.js', () => {
  const actual = jest.requireActual<{ readonly userOfPort: typeof userOfPort }>('../../src/holder/port-owner.js');
  return { ...actual, userOfPort: jest.fn(actual.userOfPort) };
});

const WAIT_MS = 20_000;
const FLEET = { name: 'office', url: 'postgres://gateway:secret@127.0.0.1:5432/fleet' };

const AGREED = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Own: Case\r\n\r\n';

interface Standby extends ControlApp {
  readonly session: FakeSession;
  readonly init: Promise<unknown>;
}

/** A gateway that stands by for one that is reached there. */
async function standbyFor(
  url: string | null,
  lock: GatewayLockOptions = {},
  host: string = hostname(),
): Promise<Standby> {
  const session = new FakeSession();
  session.isFree = false;
  session.holder = holderAt(url, host);
  fakeDatabase(session);
  const created = await createControl({ lock: { acquire: { wait: 'standby' }, fleet: FLEET, ...lock } });
  const init = created.app.init();
  init.catch(() => undefined);
  await until(WAIT_MS, 'the wait', () => session.asked.includes('wait'));
  return { ...created, session, init };
}

function holderAt(url: string | null, host: string = hostname()): FakeSession['holder'] {
  return {
    host,
    pid: 1,
    version: '1.0.0',
    token: 6n,
    url,
    since: Date.now(),
    answers: true,
    isHeld: true,
    isStranger: false,
  };
}

/** Something that agrees to every upgrade, in the place of an active gateway. */
async function upstream(onUpgrade: (socket: Socket, request: IncomingMessage) => void): Promise<string> {
  const server = createServer();
  server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    onCleanUp(() => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.write(AGREED);
    onUpgrade(socket, request);
  });
  onCleanUp(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function relayed({ app }: Standby): number {
  return Number(/^gateway_fleet_relayed_clients\{fleet="office"\} (\d+)$/m.exec(app.get(MetricsReport).text())?.[1]);
}

describe('a client of a host that stands by', () => {
  it('reaches the active gateway, which lets it in or not', async () => {
    const active = await startControl();
    const standby = await standbyFor(active.lock.url);

    const operator = await Operator.open(standby.lock.url);

    expect(await operator.call('status')).toMatchObject({
      ok: true,
      payload: { url: active.lock.url, phase: 'ready' },
    });
    expect(relayed(standby)).toBe(1);
    await expect(Operator.open(standby.lock.url, { token: 'a-wrong-token-that-is-long-enough' })).rejects.toThrow(
      'not let in',
    );
    operator.client.socket.close();
    await operator.close();
    await until(WAIT_MS, 'the end of both', () => relayed(standby) === 0);
  });

  it('is told when the active gateway stops, as a client of that one is', async () => {
    const active = await startControl();
    const operator = await Operator.open((await standbyFor(active.lock.url)).lock.url);

    await active.app.close();

    expect(await operator.event('shutdown')).toMatchObject({ payload: { restartExpectedMs: null } });
    expect(await operator.close()).toEqual({ code: 1001, reason: 'gateway stopped' });
  });

  it('is closed with 1012 when its own host becomes active, and is let in there then', async () => {
    const active = await startControl();
    const standby = await standbyFor(active.lock.url);
    const operator = await Operator.open(standby.lock.url);

    standby.session.granted.open();

    expect(await operator.close()).toEqual({ code: 1012, reason: 'this gateway is the active one now' });
    await within(WAIT_MS, 'the takeover', standby.init);
    const again = await Operator.open(standby.lock.url);
    expect(await again.call('status')).toMatchObject({ payload: { url: standby.lock.url } });
  });

  it('is closed with 1001 when its own host stops', async () => {
    const active = await startControl();
    const standby = await standbyFor(active.lock.url);
    const operator = await Operator.open(standby.lock.url);

    await standby.app.close();

    expect(await operator.close()).toEqual({ code: 1001, reason: 'gateway stopped' });
  });

  it.each([
    [
      'between two frames: 1012',
      encodeFrame({ opcode: Opcode.TEXT, payload: '{}', masked: false }),
      1012,
      closeFrame(1012, 'the active gateway is gone').length,
    ],
    [
      'in the midst of one: cut off',
      encodeFrame({ opcode: Opcode.TEXT, payload: '{}', declared: 9, masked: false }),
      undefined,
      0,
    ],
    [
      'after a close frame: what that says',
      encodeFrame({ opcode: Opcode.CLOSE, payload: Buffer.from([0x03, 0xf1]), masked: false }),
      1009,
      0,
    ],
  ])('whose active gateway goes without a word %s', async (_when, last, code, added) => {
    const url = await upstream((socket) => socket.end(last));
    const peer = await RawPeer.open((await standbyFor(url)).lock.url);

    expect((await within(WAIT_MS, 'the end', peer.closed))?.readUInt16BE()).toBe(code);
    await within(WAIT_MS, 'the end of the connection', peer.gone);
    expect(peer.socket.bytesRead).toBe(AGREED.length + last.length + added);
  });

  it('gets and sends every byte as it is; the active gateway hears of its own name, and whom it is for', async () => {
    let heard: IncomingMessage | undefined;
    const url = await upstream((socket, request) => {
      heard = request;
      socket.pipe(socket);
    });
    const standby = await standbyFor(url, { callers: { hosts: ['gw2.example'], origins: ['https://app.example'] } });
    const odd = encodeFrame({ opcode: 0xb, payload: 'not known', rsv: 5 });

    const peer = await RawPeer.open(standby.lock.url, {
      Host: 'gw2.example',
      Origin: 'https://app.example',
      'X-Forwarded-For': '203.0.113.9',
      'Sec-WebSocket-Extensions': 'permessage-deflate',
    });
    const echo = within(WAIT_MS, 'the echo', once(peer.socket, 'data'));
    peer.socket.write(odd);

    expect(peer.head).toContain('X-Own: Case');
    expect((await echo)[0]).toEqual(odd);
    expect(heard?.headers).toMatchObject({
      host: new URL(url).host,
      'sec-websocket-extensions': 'permessage-deflate',
      'x-forwarded-for': '127.0.0.1',
    });
    expect(heard?.headers.origin).toBeUndefined();
  });

  it('that sends more than the active gateway reads is not read either', async () => {
    const url = await upstream((socket) => socket.pause());
    const peer = await RawPeer.open((await standbyFor(url)).lock.url);
    const chunk = Buffer.alloc(1024 * 1024);

    let sent = 0;
    while (peer.socket.write(chunk) || peer.socket.writableLength < 8 * chunk.length) {
      sent += chunk.length;
      await new Promise((resolve) => setImmediate(resolve));
      if (sent > 512 * chunk.length) break;
    }

    expect(sent).toBeLessThan(512 * chunk.length);
  });

  it('is judged by its own host first', async () => {
    const active = await startControl();
    const standby = await standbyFor(active.lock.url);

    expect(await upgradeStatus(standby.lock.url, { headers: { Host: 'evil.example' } })).toBe(403);
    expect(await upgradeStatus(standby.lock.url, { origin: 'https://evil.example' })).toBe(403);
  });

  it('is refused with 503 where the active gateway does not say where it is, or says it unsafely', async () => {
    for (const url of [null, 'ws://gw1.example:80', 'no url']) {
      expect(await upgradeStatus((await standbyFor(url)).lock.url)).toBe(503);
    }
  });

  it('is refused with 503 where the active gateway is on the loopback of another host: here any user may listen there', async () => {
    const here = await startControl();
    const standby = await standbyFor(here.lock.url, {}, 'gw1');

    expect(await upgradeStatus(standby.lock.url)).toBe(503);
  });

  it('is refused with 503 where another user listens on this machine in the place of the active gateway', async () => {
    let asked = 0;
    const standby = await standbyFor(await upstream(() => asked++));
    jest.mocked(userOfPort).mockReturnValueOnce({ ownership: 'other user' });

    // Elsewhere the system does not tell.
    expect(await upgradeStatus(standby.lock.url)).toBe(LINUX ? 503 : 101);
    expect(asked).toBe(LINUX ? 0 : 1);
  });

  it('is not passed from one standby to the next for ever', async () => {
    const active = await startControl();
    const standby = await standbyFor(active.lock.url);

    expect(await upgradeStatus(standby.lock.url, { headers: NOT_TO_RELAY })).toBe(503);
  });

  it('is refused by what the active gateway refuses', async () => {
    const active = await startControl({ lock: { ws: { maxConnections: 1 } } });
    const standby = await standbyFor(active.lock.url);
    await Operator.open(active.lock.url);

    expect(await upgradeStatus(standby.lock.url)).toBe(503);
  });

  it('is one too many where this host has no room for two connections of each', async () => {
    const active = await startControl();
    const standby = await standbyFor(active.lock.url, { ws: { maxConnections: 2 } });
    await Operator.open(standby.lock.url);

    expect(await upgradeStatus(standby.lock.url)).toBe(503);
  });

  it.each([
    ['wss://gw1.example:8443', 'The active one is at https://gw1.example:8443'],
    [null, 'It does not know where the active one is reached.'],
  ])('that opens the page there reads where the active gateway is, here at %s', async (url, active) => {
    const { lock } = await standbyFor(url);

    const answer = await fetch(httpUrl(lock.url, '/'), { headers: { Accept: 'text/html,*/*;q=0.8' } });

    expect([answer.status, answer.headers.get('content-type')]).toEqual([503, 'text/plain; charset=utf-8']);
    expect(await answer.text()).toBe(`This gateway stands by in fleet office. ${active}\n`);
  });

  it('that asks for anything else is told where the active gateway is', async () => {
    const { lock } = await standbyFor('wss://gw1.example:8443');

    const answer = await fetch(httpUrl(lock.url, '/app'));

    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await answer.json()).toEqual({
      statusCode: 503,
      message: 'the gateway is standby',
      standby: true,
      activeUrl: 'wss://gw1.example:8443',
    });
  });
});

it('a standby whose active gateway is not reached asks the database again', async () => {
  const standby = await standbyFor(`ws://127.0.0.1:${await freePort()}`);
  const active = await startControl();

  standby.session.holder = holderAt(active.lock.url);
  expect(await upgradeStatus(standby.lock.url)).toBe(503);

  await until(WAIT_MS, 'the active gateway', async () => (await upgradeStatus(standby.lock.url)) === 101);
});
