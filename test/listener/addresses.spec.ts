import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';

import type { ClaimOptions } from '../../src/index.js';
import { claim, onListen, refusalOf, urlOf } from '../kit/claims.js';
import { onCleanUp } from '../kit/cleaner.js';
import { within } from '../kit/deadline.js';
import { portOf, rawConnection, stranger } from '../kit/net.js';
import { freePort, isFree } from '../kit/ports.js';
import { binds, ETH0, freeEverywhere, LINUX, SOCKETS, taken, WITHOUT_ETH0 } from '../kit/sockets.js';

// X: the second is refused; ok: both listen.
const KERNEL = `
  holder          | 127.0.0.1 | 0.0.0.0 | ::1 | :: dual | :: v6only | 127.0.0.2 | localhost | eth0
  127.0.0.1       | X         | X       | ok  | X       | ok        | ok        | X         | ok
  0.0.0.0         | X         | X       | ok  | X       | ok        | X         | X         | X
  ::1             | ok        | ok      | X   | X       | X         | ok        | ok        | ok
  :: dual         | X         | X       | X   | X       | X         | X         | X         | X
  :: v6only       | ok        | ok      | X   | X       | X         | ok        | ok        | ok
  127.0.0.1 + ::1 | X         | X       | X   | X       | X         | ok        | X         | ok
`;

const [[, ...CONTENDERS] = [], ...ROWS] = KERNEL.trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()));
const CELLS = ROWS.flatMap(([holder = '', ...cells]) =>
  CONTENDERS.map((contender, column) => ({ holder, contender, cell: cells[column] })),
).filter(({ contender }) => contender in SOCKETS);

if (LINUX) {
  describe(`the kernel, for two sockets on one port${WITHOUT_ETH0}`, () => {
    it.each(CELLS)('$holder, then $contender: $cell', async ({ holder, contender, cell }) => {
      const port = await freeEverywhere();
      for (const name of holder.split(' + ')) await stranger({ ...SOCKETS[name], port });

      const second = (await binds({ ...SOCKETS[contender], port })) ? 'ok' : 'X';

      // What the name stands for first is up to the machine.
      const isIPv6 = contender === 'localhost' && (await lookup('localhost')).family === 6;
      expect(second).toBe(isIPv6 ? cellOf(holder, '::1') : cell);
    });
  });
}

interface Host {
  readonly name: string;
  readonly options: ClaimOptions;
  /** What is bound for it, in that order. */
  readonly bound: readonly string[];
}

const HOSTS: readonly Host[] = [
  { name: 'the default', options: {}, bound: ['127.0.0.1', '::1'] },
  { name: 'localhost', options: { host: 'localhost' }, bound: ['127.0.0.1', '::1'] },
  { name: '127.0.0.1', options: { host: '127.0.0.1' }, bound: ['127.0.0.1'] },
  { name: '::1', options: { host: '::1' }, bound: ['127.0.0.1', '::1'] },
  { name: '0.0.0.0', options: { host: '0.0.0.0' }, bound: LINUX ? ['0.0.0.0'] : ['127.0.0.1', '0.0.0.0'] },
  { name: ':: dual', options: { host: '::' }, bound: LINUX ? ['::'] : ['127.0.0.1', '::'] },
  { name: ':: v6only', options: { host: '::', ipv6Only: true }, bound: ['127.0.0.1', '::'] },
  { name: '127.0.0.2', options: { host: '127.0.0.2' }, bound: ['127.0.0.1', '127.0.0.2'] },
  { name: 'eth0', options: { host: ETH0 ?? '' }, bound: ['127.0.0.1', ETH0 ?? ''] },
].filter(({ name }) => name === 'the default' || name in SOCKETS);

const PAIRS = HOSTS.flatMap((holder) => HOSTS.map((contender) => ({ holder, contender })));

describe(`the lock${WITHOUT_ETH0}`, () => {
  it.each(HOSTS)('for $name holds $bound, on one port, which the OS chose', async ({ options, bound }) => {
    const { addresses, port, url } = await claim({ ...options, port: 0 });

    expect(port).toBeGreaterThan(0);
    expect(addresses).toEqual(
      bound.map((host) => ({ host, port, family: host.includes(':') ? 6 : 4, url: urlOf(host, port) })),
    );
    expect(url).toBe(addresses[0]?.url);
    for (const { host } of addresses) expect(await isFree(port, host)).toBe(false);
  });

  it.each(PAIRS)('$holder.name, then $contender.name: refused, and left with nothing', async (pair) => {
    const { holder, contender } = pair;
    const port = await freeEverywhere();
    const held = await claim({ ...holder.options, port });
    const before = await taken(port);

    const refusal = await refusalOf({ ...contender.options, port });

    // The first address of each set is, or covers, 127.0.0.1, and so is where any two meet.
    const url = urlOf(contender.bound[0] ?? '', port);
    expect(refusal).toMatchObject({
      code: 'GATEWAY_ALREADY_LISTENING',
      message: `another gateway instance is already listening on ${url}`,
      url,
    });
    expect(await taken(port)).toEqual(before);
    held.close();
    expect(await taken(port)).toEqual([]);
  });

  it.each(HOSTS.filter(({ bound }) => bound.length > 1))(
    'for $name holds nothing when a stranger has the second of $bound',
    async ({ options, bound: [, second = ''] }) => {
      const port = await freeEverywhere();
      await stranger({ host: second, port, ipv6Only: true });
      const before = await taken(port);

      const refusal = await refusalOf({ ...options, port });

      expect(refusal).toMatchObject({ code: 'GATEWAY_ALREADY_LISTENING', url: urlOf(second, port) });
      expect(await isFree(port)).toBe(true);
      expect(await taken(port)).toEqual(before);
    },
  );

  describe('a client that comes between the first bind and the second', () => {
    /** Connects at the next bind of ::1, when 127.0.0.1 is bound. */
    function comeEarly(port: number, then: () => void = () => undefined): Promise<Socket> {
      return new Promise((resolve) => {
        let hasCome = false;
        onListen(({ host }) => {
          if (host !== '::1' || hasCome) return;
          hasCome = true;
          resolve(rawConnection(port));
          then();
        });
      });
    }

    it('is hung up on when the second is refused', async () => {
      const port = await freeEverywhere();
      await stranger({ host: '::1', port, ipv6Only: true });
      const end = comeEarly(port).then(
        (client) => once(client.resume(), 'close').then(() => 'closed'),
        // It may come before the client knows that it has a connection.
        (error: unknown) => (error as NodeJS.ErrnoException).code,
      );

      await refusalOf({ port });

      expect(['closed', 'ECONNRESET']).toContain(await within(5_000, 'the end of the connection', end));
    });

    it('is served with all others when the second is taken', async () => {
      const port = await freeEverywhere();
      const coming = comeEarly(port, () => {
        // Tried again in a moment, since nothing listens there.
        throw Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' });
      });
      const listener = await claim({ port });
      const client = await coming;
      client.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');

      const http = createServer((_request, response) => response.end('hello'));
      onCleanUp(() => http.closeAllConnections());
      listener.adopt(http);

      expect(String((await within(5_000, 'an answer', once(client, 'data')))[0])).toMatch(/^HTTP\/1\.1 200 /);
    });
  });

  it('looks for another port of the OS when a stranger was quicker on the second address', async () => {
    let stolen = 0;
    onListen(({ host, port = 0 }) => {
      if (host !== '::1' || stolen > 0) return;
      stolen = port;
      beQuicker(host, port);
    });

    const { addresses, port } = await claim({ port: 0 });

    expect(stolen).toBeGreaterThan(0);
    expect(port).not.toBe(stolen);
    expect(addresses.map(({ url }) => url)).toEqual([urlOf('127.0.0.1', port), urlOf('::1', port)]);
    expect(await isFree(stolen)).toBe(true);
  });

  it('gives up looking when strangers are always quicker', async () => {
    let stolen = 0;
    onListen(({ host, port = 0 }) => {
      if (host !== '::1' || port === stolen) return;
      stolen = port;
      beQuicker(host, port);
    });

    const refusal = await refusalOf({ port: 0 });

    expect(refusal).toMatchObject({ code: 'GATEWAY_ALREADY_LISTENING', url: urlOf('::1', stolen) });
  });

  it.each(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])(
    'is held on 127.0.0.1 alone where ::1 ends in %s, unless that was asked for',
    async (code) => {
      onListen(({ host }) => {
        if (host === '::1') throw Object.assign(new Error(`listen ${code}`), { code });
      });

      const { addresses } = await claim({ port: 0 });
      const refusal = await refusalOf({ host: '::1', port: 0 });

      expect(addresses.map(({ host }) => host)).toEqual(['127.0.0.1']);
      expect(refusal.code).toBe('GATEWAY_BIND_FAILED');
    },
  );
});

describe('a port that cannot be meant', () => {
  it.each([-1, 65_536, 1.5, NaN])('%d is refused with the rule', async (port) => {
    await expect(claim({ port })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: `${port} is not a port: give a whole number from 1 to 65535, or 0 for any free one`,
    });
  });
});

describe('a port that cannot be bound', () => {
  const inUse = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' });

  it('is tried again, and taken, when no process listens on it', async () => {
    const port = await freePort();
    const failures = [inUse, inUse];
    const tries = onListen(() => {
      const failure = failures.pop();
      if (failure) throw failure;
    });

    const held = await claim({ port, host: '127.0.0.1' });

    expect(held.port).toBe(port);
    expect(tries).toHaveBeenCalledTimes(3);
  });

  it('is not tried again when a process listens on it', async () => {
    const port = portOf(await stranger());
    const tries = onListen(() => undefined);

    await refusalOf({ port });

    expect(tries).toHaveBeenCalledTimes(1);
  });

  it('is refused in the usual words, and in time, when no process listens on it for long', async () => {
    const port = await freePort();
    // On a busy machine the time may be over before there were more tries than the least number.
    const begun = performance.now();
    const clock = jest.spyOn(performance, 'now').mockReturnValue(begun);
    onCleanUp(() => clock.mockRestore());
    const tries: jest.SpyInstance = onListen(() => {
      if (tries.mock.calls.length === 10) clock.mockReturnValue(begun + 2_000);
      throw inUse;
    });

    const refusal = await within(10_000, 'the verdict', refusalOf({ port }));

    // It is the deadline that ends it, and not the least number of tries.
    expect(tries).toHaveBeenCalledTimes(10);

    expect(refusal.message).toBe(`another gateway instance is already listening on ws://127.0.0.1:${port}`);
  });

  if (LINUX) {
    it('is refused in the same way when it belongs to an outgoing connection', async () => {
      const connection = await rawConnection(portOf(await stranger()));
      const port = connection.localPort ?? 0;

      const refusal = await within(10_000, 'the verdict', refusalOf({ port }));

      expect(refusal.message).toBe(`another gateway instance is already listening on ws://127.0.0.1:${port}`);
    });
  }
});

/** Whatever else listens there by chance has been as quick. */
function beQuicker(host: string, port: number): void {
  stranger({ host, port }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
  });
}

function cellOf(holder: string, contender: string): string | undefined {
  return CELLS.find((cell) => cell.holder === holder && cell.contender === contender)?.cell;
}
