import { once } from 'node:events';
import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

import { readCard, type CardAnswer } from '../../src/holder/read-card.js';
import { onCleanUp } from '../kit/cleaner.js';
import { within } from '../kit/deadline.js';
import { portOf, rawConnection, stranger } from '../kit/net.js';
import { freePort } from '../kit/ports.js';
import { cardAnswer, cardOf, httpAnswer } from './cards.js';

/** Peers that have to be given up on are given this long; ms. */
const SHORT_MS = 300;
/** What has to be seen through without waiting for the deadline; ms. */
const LONG_MS = 30_000;
/** For a machine that is busy with other things; ms. */
const SLACK_MS = 5_000;

async function answerOf(port: number, timeoutMs = LONG_MS, host = '127.0.0.1'): Promise<CardAnswer> {
  return within(
    Math.min(timeoutMs, SLACK_MS) + SLACK_MS,
    'the answer',
    readCard({ host, port }, { deadline: performance.now() + timeoutMs }),
  );
}

/** A peer that says this to each client that asks it something. */
async function sayer(text: string | Buffer, after: (socket: Socket) => unknown = () => undefined): Promise<number> {
  const server = await stranger({}, (socket) => {
    socket.once('data', () => {
      socket.write(text);
      after(socket);
    });
  });
  return portOf(server);
}

const hangUp = (socket: Socket): unknown => socket.end();
const reset = (socket: Socket): unknown => socket.resetAndDestroy();

describe('asking a port for its card', () => {
  it('gets it, and leaves neither a connection nor a timer', async () => {
    const closed: Promise<unknown>[] = [];
    const server = await stranger({}, (socket) => {
      closed.push(closeOf(socket));
      socket.once('data', () => socket.write(cardAnswer()));
    });
    const set = jest.spyOn(globalThis, 'setTimeout');
    const cleared = jest.spyOn(globalThis, 'clearTimeout');
    onCleanUp(() => [set, cleared].forEach((spy) => spy.mockRestore()));

    const answer = await readCard(
      { host: '127.0.0.1', port: portOf(server) },
      { deadline: performance.now() + LONG_MS },
    );

    expect(answer).toEqual({ kind: 'card', isProven: false, card: cardOf() });
    const deadlines = set.mock.results.filter((_result, call) => Number(set.mock.calls[call]?.[1]) > LONG_MS / 2);
    expect(deadlines.map(({ value }) => value as unknown)).toEqual([cleared.mock.calls[0]?.[0]]);
    await within(SLACK_MS, 'the end of the connection', Promise.all(closed));
    expect(closed).toHaveLength(1);
  });

  it('says which host and path it means, IPv6 in brackets, and wants no connection kept', async () => {
    let heard = '';
    const server = await stranger({ host: '::1' }, (socket) => {
      socket.once('data', (data) => {
        heard = data.toString();
        socket.end(cardAnswer());
      });
    });

    expect(await answerOf(portOf(server), LONG_MS, '::1')).toMatchObject({ kind: 'card' });
    expect(heard).toMatch(/^GET \/\.well-known\/gateway HTTP\/1\.1\r\n/);
    expect(heard).toContain(`\r\nHost: [::1]:${portOf(server)}\r\n`);
    expect(heard).toContain('\r\nConnection: close\r\n');
  });

  it.each([
    ['in chunks', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n`],
    ['up to the end of the connection', 'HTTP/1.0 200 OK\r\n\r\n'],
  ])('gets it %s', async (how, head) => {
    const body = JSON.stringify(cardOf());
    const framed = how === 'in chunks' ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body;

    expect(await answerOf(await sayer(head + framed, hangUp))).toEqual({
      kind: 'card',
      isProven: false,
      card: cardOf(),
    });
  });

  const strange: readonly { does: string; text: string | Buffer; after?: (socket: Socket) => unknown }[] = [
    { does: 'answers 200 and HTML', text: httpAnswer('<!doctype html><title>It works!</title>') },
    { does: 'answers 200 and nothing', text: httpAnswer('') },
    { does: 'answers a card with an error', text: httpAnswer(JSON.stringify(cardOf()), { status: '404 Not Found' }) },
    { does: 'answers a card with one field that is wrong', text: cardAnswer({ phase: '' }) },
    {
      does: 'switches protocols',
      text: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    },
    { does: 'answers a TLS alert', text: Buffer.from('15030300020228', 'hex') },
    { does: 'speaks another protocol', text: 'SSH-2.0-OpenSSH_9.6\r\n' },
    {
      does: 'promises more than it sends',
      text: httpAnswer(JSON.stringify(cardOf())).replace(/Length: /, 'Length: 9'),
      after: hangUp,
    },
    { does: 'stops within the headers', text: 'HTTP/1.1 200 OK\r\nContent-', after: hangUp },
    { does: 'resets it in the middle', text: cardAnswer().slice(0, -1), after: reset },
    { does: 'answers a card that is too long', text: httpAnswer(JSON.stringify(cardOf()) + ' '.repeat(16 * 1024)) },
    { does: 'answers endless headers', text: `HTTP/1.1 200 OK\r\n${'X-Filler: x\r\n'.repeat(5_000)}` },
    { does: 'answers interim responses without end', text: 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(5_000) },
  ];
  it.each(strange)('knows a stranger that $does, without waiting for the deadline', async ({ text, after }) => {
    expect(await answerOf(await sayer(text, after))).toEqual({ kind: 'stranger' });
  });

  it.each([
    ['hangs up without a word', hangUp],
    ['resets the connection', reset],
  ])('does not take a peer that %s for a stranger', async (_does, after) => {
    expect(await answerOf(await sayer('', after))).toEqual({ kind: 'closed' });
  });

  it.each([
    ['hangs up', (socket: Socket): unknown => socket.destroy()],
    ['resets the connection', reset],
  ])('does not take a peer that %s as soon as it is connected for a stranger', async (_does, onConnection) => {
    const server = await stranger({}, onConnection);

    expect(await answerOf(portOf(server))).toEqual({ kind: 'closed' });
  });

  it('gets the reason for which a gateway refuses it', async () => {
    const headers = 'X-Refusal: host not allowed\r\n';

    expect(await answerOf(await sayer(httpAnswer('', { status: '403 Forbidden', headers })))).toEqual({
      kind: 'refusal',
      reason: 'host not allowed',
    });
  });

  it('does not follow a redirect', async () => {
    let visits = 0;
    const target = await stranger({}, (socket) => {
      visits++;
      socket.end(cardAnswer());
    });
    const headers = `Location: http://127.0.0.1:${portOf(target)}/.well-known/gateway\r\n`;

    expect(await answerOf(await sayer(httpAnswer('', { status: '302 Found', headers })))).toEqual({ kind: 'stranger' });
    expect(visits).toBe(0);
  });

  it('does not take a TLS server, which hangs up on it, for a gateway', async () => {
    const server = createTlsServer({});
    server.on('tlsClientError', () => undefined);
    onCleanUp(() => server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');

    expect(await answerOf(portOf(server))).toEqual({ kind: 'closed' });
  });

  it.each([
    ['a body', httpAnswer('').replace('Length: 0', `Length: ${2 ** 30}`)],
    ['a body in chunks', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${(2 ** 30).toString(16)}\r\n`],
    ['a header', 'HTTP/1.1 200 OK\r\nX-Filler: '],
  ])('hangs up on %s that goes on for a gigabyte', async (_name, head) => {
    let ended: Promise<unknown> | undefined;
    let sent = 0;
    const server = await stranger({}, (socket) => {
      ended = closeOf(socket).then(() => (sent = socket.bytesWritten));
      const block = Buffer.alloc(64 * 1024, 'x');
      const send = (): void => {
        while (socket.writable && socket.write(block));
      };
      socket.write(head);
      socket.on('drain', send);
      send();
    });

    expect(await answerOf(portOf(server))).toEqual({ kind: 'stranger' });
    await within(SLACK_MS, 'the end of the connection', Promise.resolve(ended));
    // What fits into the kernel's buffers, and no more.
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it.each(['a card', 'interim responses'])('gives up on %s that comes byte by byte', async (what) => {
    const text = what === 'a card' ? cardAnswer() : 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(1_000);
    const server = await stranger({}, (socket) => {
      let next = 0;
      const drip = setInterval(() => socket.write(text.charAt(next++)), 100);
      onCleanUp(() => clearInterval(drip));
    });

    expect(await answerOf(portOf(server), SHORT_MS)).toEqual({ kind: 'stranger' });
  });

  it.each([
    ['all but the last byte of a card', cardAnswer().slice(0, -1)],
    ['the headers', cardAnswer().replace(/\{.*/, '')],
    ['half a line', 'HTTP/1.1 200'],
  ])('gives up on a peer that sends %s and then nothing', async (_name, text) => {
    expect(await answerOf(await sayer(text), SHORT_MS)).toEqual({ kind: 'stranger' });
  });

  it('gives up on a peer that accepts and says nothing, and hangs up', async () => {
    let ended: Promise<unknown> | undefined;
    const server = await stranger({}, (socket) => {
      ended = closeOf(socket);
      socket.resume();
    });

    expect(await answerOf(portOf(server), SHORT_MS)).toEqual({ kind: 'silent' });
    await within(SLACK_MS, 'the end of the connection', Promise.resolve(ended));
  });

  it('is refused where this process was too busy to see that in time', async () => {
    const answer = answerOf(await freePort(), SHORT_MS);
    const busyUntil = performance.now() + 2 * SHORT_MS;
    while (performance.now() < busyUntil);

    expect(await answer).toEqual({ kind: 'refused' });
  });

  it('does not even connect when the deadline has passed', async () => {
    const server = await stranger();
    const visit = once(server, 'connection') as Promise<Socket[]>;

    expect(await answerOf(portOf(server), 0)).toEqual({ kind: 'unknown', errno: 'ETIMEDOUT' });
    const own = await rawConnection(portOf(server));
    const [first] = await visit;
    expect(first?.remotePort).toBe(own.localPort);
  });

  it.each(['127.0.0.1', '::1'])('is refused where no process listens on %s', async (host) => {
    expect(await answerOf(await freePort(), LONG_MS, host)).toEqual({ kind: 'refused' });
  });

  it.each([65_536, 0, NaN])('is refused by a port that cannot be: %d', async (port) => {
    expect(await answerOf(port)).toEqual({ kind: 'refused' });
  });

  // Elsewhere a socket cannot be made to meet itself so easily.
  (process.platform === 'linux' ? it : it.skip)('is refused when it has met itself', async () => {
    const port = await freePort();
    const { createConnection } = Agent.prototype;
    const connecting = jest.spyOn(Agent.prototype, 'createConnection');
    onCleanUp(() => connecting.mockRestore());
    connecting.mockImplementation((options) => createConnection({ ...options, localPort: port }));

    expect(await answerOf(port)).toEqual({ kind: 'refused' });
    expect(connecting).toHaveBeenCalledTimes(1);
  });
});

/** Also after a reset. */
function closeOf(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve));
}
