import { spawnSync } from 'node:child_process';
import type { ListenOptions, Socket } from 'node:net';

import { whoHolds } from '../../src/holder/who-holds.js';
import type { Holder } from '../../src/listener/holder.js';
import { onCleanUp } from '../kit/cleaner.js';
import { within } from '../kit/deadline.js';
import { portOf, rawConnection, stranger } from '../kit/net.js';
import { freePort } from '../kit/ports.js';
import { fixture, Program } from '../kit/program.js';
import { ETH0, LINUX } from '../kit/sockets.js';
import { startCardHolder } from './card-holder.js';
import { cardAnswer, cardOf, httpAnswer } from './cards.js';
import { heirOf } from './heirs.js';

/** A verdict that does not wait for the peer is not to fail because a machine is busy; ms. */
const PATIENT_MS = 10_000;
const SLACK_MS = 5_000;
const ATTEMPTS = 10;

async function verdictOn(port: number, { host = '127.0.0.1', timeoutMs = PATIENT_MS } = {}): Promise<Holder> {
  return within(timeoutMs + SLACK_MS, 'the verdict', whoHolds({ host, port }, { timeoutMs }));
}

/** How this user can make a PID namespace: root at once, others as root of a user namespace of their own. */
const UNSHARE = [
  ['unshare', '-p', '-f'],
  ['unshare', '-r', '-p', '-f'],
].find(([command = '', ...flags]) => spawnSync(command, [...flags, 'true']).status === 0);

/** For a verdict that takes all of the time, the time that it takes unless told. */
async function verdictInUsualTime(port: number): Promise<Holder> {
  return within(500 + SLACK_MS, 'the verdict', whoHolds({ host: '127.0.0.1', port }));
}

/** The same, asked again while a busy machine has not found the process in that time. */
async function verdictWithOwner(port: number): Promise<Holder> {
  for (let attempt = 1; ; attempt++) {
    const holder = await verdictInUsualTime(port);
    if (holder.owner || attempt === ATTEMPTS) return holder;
  }
}

async function sayer(text: string, options: ListenOptions = {}): Promise<number> {
  return portOf(await stranger(options, (socket: Socket) => socket.once('data', () => socket.end(text))));
}

// Whom the port belongs to is only known everywhere on Linux.
const owner = (pid: number): object => (LINUX ? { owner: expect.objectContaining({ pid }) as object } : {});

describe('who holds a port', () => {
  it.each(['starting', 'ready', 'draining'] as const)('is a gateway that is %s', async (phase) => {
    const { port, program } = await startCardHolder({ phase, title: 'openclaw-gateway' });

    expect(await verdictOn(port)).toMatchObject({
      verdict: phase,
      url: `ws://127.0.0.1:${port}`,
      card: { pid: program.pid, phase },
      ...owner(program.pid),
    });
  });

  it.each(['::1', 'localhost', '::'])('is found on [::1] when asked for %s', async (host) => {
    const { port, program } = await startCardHolder({ host: '::1' });

    expect(await verdictOn(port, { host })).toMatchObject({
      verdict: 'ready',
      url: `ws://[::1]:${port}`,
      ...owner(program.pid),
    });
  });

  it.each(['0.0.0.0', '::', 'localhost'])('is found on 127.0.0.1 when asked for %s', async (host) => {
    const { port } = await startCardHolder();

    expect(await verdictOn(port, { host })).toMatchObject({ verdict: 'ready', url: `ws://127.0.0.1:${port}` });
  });

  it('is a stranger that answers 200 to everything', async () => {
    const holder = await verdictOn(await sayer(httpAnswer('<html></html>')));

    expect(holder).toMatchObject({ verdict: 'foreign', ...owner(process.pid) });
    expect(holder.card).toBeUndefined();
  });

  it('is a gateway that takes its time', async () => {
    const server = await stranger({}, (socket) => {
      socket.once('data', () => setTimeout(() => socket.end(cardAnswer()), 300));
    });

    expect(await verdictOn(portOf(server))).toMatchObject({ verdict: 'ready', card: cardOf(), ...owner(process.pid) });
  });
});

(LINUX ? describe : describe.skip)('who holds a port, with what the operating system sees', () => {
  it.each([
    ['another process', process.ppid],
    ['a process that is gone', 4_194_304],
  ])('is a stranger that shows the card of %s', async (_name, pid) => {
    const holder = await verdictOn(await sayer(cardAnswer({ pid })));

    expect(holder).toMatchObject({ verdict: 'foreign', owner: { pid: process.pid } });
    expect(holder.card).toBeUndefined();
  });

  (UNSHARE ? it : it.skip)('is a gateway that has another pid in a namespace of its own', async () => {
    const [command = '', ...flags] = UNSHARE ?? [];
    const inside = [process.execPath, fixture('card-holder'), '127.0.0.1', 'ready'];
    const program = Program.start(command, [...flags, '--kill-child', ...inside]);
    const [port] = await program.output('stdout', /^\d+$/m);

    const holder = await verdictOn(Number(port));

    expect(holder).toMatchObject({ verdict: 'ready', card: { pid: 1 } });
    expect(holder.owner?.pid).toBeGreaterThan(1);
    expect(holder.owner?.pidsInNamespaces.at(-1)).toBe(1);
  });

  it('is the process on the card where others have inherited the socket, even when the card comes late', async () => {
    const heirs: number[] = [];
    const server = await stranger({}, (socket) => {
      const answer = cardAnswer({ pid: heirs[1] });
      socket.once('data', () => setTimeout(() => socket.end(answer), 300));
    });
    heirs.push(await heirOf(server), await heirOf(server));

    expect(await verdictOn(portOf(server))).toMatchObject({ verdict: 'ready', owner: { pid: heirs[1] } });
  });

  it('is the one that has taken the port while it was looked at', async () => {
    const cards = [cardAnswer({ pid: process.ppid, phase: 'draining' }), cardAnswer()];
    const server = await stranger({}, (socket) => socket.once('data', () => socket.end(cards.shift() ?? '')));

    expect(await verdictOn(portOf(server))).toMatchObject({ verdict: 'ready', card: cardOf() });
  });

  it('is gone when it goes while it is looked at', async () => {
    const port = await freePort();
    const server = await stranger({ port }, (socket) => {
      server.close();
      socket.resetAndDestroy();
    });

    expect(await verdictOn(port)).toEqual({ verdict: 'blocked', url: `ws://127.0.0.1:${port}`, ownership: 'unknown' });
  });

  it('is a stranger when its second card is no better, or does not come in time', async () => {
    const wrong = cardAnswer({ pid: process.ppid });
    const slow = await stranger({}, (socket) => {
      socket.once('data', () => socket.end(wrong));
      slow.removeAllListeners('connection');
    });

    expect(await verdictOn(await sayer(wrong))).toMatchObject({ verdict: 'foreign', owner: { pid: process.pid } });
    expect(await verdictOn(portOf(slow), { timeoutMs: 500 })).toMatchObject({ verdict: 'foreign' });
  });

  it('is a stalled gateway when it is frozen', async () => {
    const { port, program } = await startCardHolder({ title: 'openclaw-gateway' });
    program.signal('SIGSTOP');

    expect(await verdictWithOwner(port)).toMatchObject({
      verdict: 'stalled',
      owner: { pid: program.pid, isGateway: true },
    });
  });

  it('is a stranger when that is frozen', async () => {
    const { port, program } = await startCardHolder();
    program.signal('SIGSTOP');

    expect(await verdictWithOwner(port)).toMatchObject({
      verdict: 'foreign',
      owner: { pid: program.pid, isGateway: false },
    });
  });

  it('is not known when no time was left to ask, be the port held or free', async () => {
    const { port } = await startCardHolder();
    const free = await freePort();
    const known = { verdict: 'unknown', errno: 'ETIMEDOUT' };

    expect(await verdictOn(port, { timeoutMs: 0 })).toEqual({
      ...known,
      url: `ws://127.0.0.1:${port}`,
      ownership: 'same user',
    });
    expect(await verdictOn(free, { timeoutMs: 0 })).toEqual({
      ...known,
      url: `ws://127.0.0.1:${free}`,
      ownership: 'unknown',
    });
  });

  it('is not named when the port is bound by a connection', async () => {
    const connection = await rawConnection(portOf(await stranger()));
    const port = connection.localPort ?? 0;

    expect(await verdictOn(port)).toEqual({ verdict: 'blocked', url: `ws://127.0.0.1:${port}`, ownership: 'unknown' });
  });

  (ETH0 === undefined ? it.skip : it)('is a stranger that listens on another address of the wildcard', async () => {
    const port = await freePort();
    await stranger({ host: ETH0 ?? '', port });

    expect(await verdictOn(port, { host: '0.0.0.0' })).toMatchObject({
      verdict: 'foreign',
      url: `ws://127.0.0.1:${port}`,
      owner: { pid: process.pid },
    });
  });
});

describe('a verdict', () => {
  it.each(['127.0.0.1', '::1', 'localhost', '0.0.0.0', '::'])(
    'is blocked when no process listens, on %s',
    async (host) => {
      const port = await freePort();

      const { verdict, owner } = await verdictOn(port, { host });

      expect({ verdict, owner }).toEqual({ verdict: 'blocked', owner: undefined });
    },
  );

  it.each([
    ['accepts and says nothing', () => undefined],
    ['drips a card', (socket: Socket) => drip(socket)],
  ])('comes in time when a peer %s', async (_name, misbehave) => {
    const port = portOf(await stranger({}, misbehave));

    const { verdict } = await verdictInUsualTime(port);

    expect(['foreign', 'stalled']).toContain(verdict);
  });

  it.each([
    { host: 'not a host', port: 1 },
    { host: '127.0.0.1', port: 70_000 },
    { host: '', port: -1 },
  ])('is there for $host:$port too', async (address) => {
    await expect(within(SLACK_MS * 2, 'the verdict', whoHolds(address))).resolves.toHaveProperty('verdict');
  });
});

function drip(socket: Socket): void {
  const text = cardAnswer();
  let next = 0;
  const timer = setInterval(() => socket.write(text.charAt(next++)), 100);
  onCleanUp(() => clearInterval(timer));
}
