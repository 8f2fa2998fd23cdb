import { once } from 'node:events';
import fs, { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import { devNull } from 'node:os';

import { Logger } from '@nestjs/common';

import { DescriptorReserve } from '../../src/serving/descriptor-reserve.js';
import { HttpConnections, markEntered } from '../../src/serving/http-connections.js';
import { onCleanUp } from '../kit/cleaner.js';
import { within } from '../kit/deadline.js';
import { rawConnection } from '../kit/net.js';
import { LINUX } from '../kit/sockets.js';

const KEPT_BACK = 32;
const limits = { maxIdleConnections: 1_000, stalledTimeoutMs: 8_000 };

/** The number that the next file of this process gets. */
function nextDescriptor(): number {
  const descriptor = openSync(devNull, 'r');
  closeSync(descriptor);
  return descriptor;
}

interface Accepted {
  readonly port: number;
  readonly sockets: Socket[];
  readonly evicted: Socket[];
}

/** A server in a process that has room for so many further files. */
async function serverWithRoomFor(files: number): Promise<Accepted> {
  const http = createServer();
  const sockets: Socket[] = [];
  const evicted: Socket[] = [];
  await once(http.listen(0, '127.0.0.1'), 'listening');
  const reserve = new DescriptorReserve(nextDescriptor() + files + KEPT_BACK);
  new HttpConnections(http, limits, reserve, (socket, cause) => {
    expect(cause).toBe('no descriptor');
    evicted.push(socket);
  });
  http.on('connection', (socket: Socket) => sockets.push(socket));
  onCleanUp(() => {
    sockets.forEach((socket) => socket.destroy());
    http.close();
  });
  return { port: (http.address() as AddressInfo).port, sockets, evicted };
}

/** Opens a connection, and waits until the server has it. Each end of it is a file of this process. */
async function connection({ port, sockets }: Accepted): Promise<void> {
  const count = sockets.length;
  await rawConnection(port);
  await within(5_000, 'a connection to be accepted', untilMoreThan(sockets, count));
}

async function untilMoreThan(sockets: readonly Socket[], count: number): Promise<void> {
  while (sockets.length <= count) await new Promise((resolve) => setImmediate(resolve));
}

afterEach(() => jest.restoreAllMocks());

(LINUX ? describe : describe.skip)('where file descriptors are short', () => {
  it('the oldest connections are closed, and the newest are served', async () => {
    const server = await serverWithRoomFor(80);

    for (let opened = 0; opened < 100; opened++) await connection(server);

    const { sockets, evicted } = server;
    expect(evicted.length).toBeGreaterThan(0);
    expect(evicted).toEqual(sockets.slice(0, evicted.length));
    expect(sockets.at(-1)?.destroyed).toBe(false);
    // Both ends of each, within the room that there was.
    expect(2 * (sockets.length - evicted.length)).toBeLessThanOrEqual(80 + 2);
  });

  it('a client that was let in is not closed', async () => {
    const server = await serverWithRoomFor(80);
    await connection(server);
    const [first] = server.sockets;
    if (first) markEntered(first);

    for (let opened = 0; opened < 100; opened++) await connection(server);

    expect(first?.destroyed).toBe(false);
  });

  it('the newest are closed where those before them were let in', async () => {
    const server = await serverWithRoomFor(20);
    for (let opened = 0; opened < 9; opened++) await connection(server);
    server.sockets.forEach((socket) => markEntered(socket));

    for (let opened = 0; opened < 20; opened++) await connection(server);

    expect(server.evicted.length).toBeGreaterThan(0);
    expect(server.sockets.slice(0, 9).map(({ destroyed }) => destroyed)).not.toContain(true);
  });

  it('the newest is closed itself where no other can be spared', async () => {
    const server = await serverWithRoomFor(20);

    while (server.evicted.length === 0) {
      server.sockets.forEach((socket) => markEntered(socket));
      await connection(server);
    }

    expect(server.evicted).toEqual([server.sockets.at(-1)]);
  });
});

describe('a process that cannot open a file', () => {
  const fail = (code: string): unknown =>
    jest.spyOn(fs, 'openSync').mockImplementation(() => {
      throw Object.assign(new Error(code), { code });
    });

  it.each(['EMFILE', 'ENFILE'])('for %s is told of in the log, once in a while', (code) => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    fail(code);
    const reserve = new DescriptorReserve(200);

    reserve.look();
    reserve.look();

    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(`^no file descriptor is left \\(${code}\\): .*ulimit -n`)],
    ]);
  });

  it('for another reason is not', () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    fail('EACCES');

    new DescriptorReserve(200).look();

    expect(warn).not.toHaveBeenCalled();
  });
});

describe('how many clients are let in', () => {
  it('leaves descriptors to requests and to the own files of the gateway', () => {
    expect(new DescriptorReserve(200).mostClients).toBe(104);
    expect(new DescriptorReserve(1_048_576).mostClients).toBe(1_048_480);
    expect(new DescriptorReserve(30).mostClients).toBe(1);
  });

  it('has no limit of this kind where the system names none', () => {
    const reserve = new DescriptorReserve(undefined);

    expect(reserve.mostClients).toBe(Infinity);
    expect(reserve.excessWith(new Socket())).toBe(0);
  });

  it('is not lessened by a connection that is gone before it is looked at', () => {
    expect(new DescriptorReserve(200).excessWith(new Socket())).toBe(0);
  });
});
