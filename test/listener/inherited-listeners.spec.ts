import { closeSync, openSync } from 'node:fs';
import { createServer, connect, type ListenOptions, type Server } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';

import { inheritListener, notifyDescriptor, takeDescriptors } from '../../src/listener/inherited-listeners.js';
import { onCleanUp } from '../kit/cleaner.js';
import { within } from '../kit/deadline.js';
import { duplicate, silentSocket } from '../kit/libc.js';
import { freePort } from '../kit/ports.js';
import { LINUX } from '../kit/sockets.js';
import { tempFolder } from '../kit/temp.js';

const PID = String(process.pid);

describe('what a service manager passes', () => {
  it('is numbered from 3, and has names', () => {
    const environment = { LISTEN_FDS: '3', LISTEN_PID: PID, LISTEN_FDNAMES: 'gateway:notify' };

    const descriptors = takeDescriptors(environment);

    expect(descriptors).toEqual([
      { descriptor: 3, name: 'gateway' },
      { descriptor: 4, name: 'notify' },
      { descriptor: 5, name: 'unknown' },
    ]);
    expect(notifyDescriptor(descriptors)).toBe(4);
  });

  it.each([
    ['to this process', PID],
    ['to another one', '1'],
  ])('%s is in the environment of no child', (_to, pid) => {
    const environment = { LISTEN_FDS: '1', LISTEN_PID: pid, LISTEN_FDNAMES: 'gateway', LISTEN_PIDFDID: '7', PATH: '/' };

    takeDescriptors(environment);

    expect(environment).toEqual({ PATH: '/' });
  });

  it('to another process is left alone', () => {
    expect(takeDescriptors({ LISTEN_FDS: 'x', LISTEN_PID: '1' })).toEqual([]);
    expect(takeDescriptors({ LISTEN_FDS: '1' })).toEqual([]);
    expect(takeDescriptors({})).toEqual([]);
  });

  it.each(['x', '', '-1', '1e3', ' 1', '123456'])('has to be a number: %j', (count) => {
    expect(() => takeDescriptors({ LISTEN_FDS: count, LISTEN_PID: PID })).toThrow(
      `LISTEN_FDS: ${JSON.stringify(count)} is not a number of descriptors: start the gateway from its unit, or unset it`,
    );
  });
});

// The test takes a second descriptor of a socket, which the kernel shares with it as with a process that was passed one.
(LINUX ? describe : describe.skip)('a listener that was inherited', () => {
  it.each(['gateway', 'openclaw-gateway.socket', 'unknown', 'stored-gateway'])(
    'by the name %s serves',
    async (name) => {
      const port = await freePort();
      const held = [
        await listening({ host: '::1', port, ipv6Only: true }),
        await listening({ host: '127.0.0.1', port }),
      ];

      const { listener, isStoreStale } = await inheritListener(held.map(passed(name)), { port });

      expect(isStoreStale).toBe(false);
      expect(listener?.addresses.map(({ url }) => url)).toEqual([`ws://127.0.0.1:${port}`, `ws://[::1]:${port}`]);
      expect(listener?.descriptors).toHaveLength(2);
      listener?.close();
      // What the manager holds is still there.
      const connection = connect(port, '127.0.0.1');
      await once(connection, 'connect');
      connection.destroy();
    },
  );

  it('may lack ::1, which not every machine has', async () => {
    const port = await freePort();
    const held = await listening({ host: '127.0.0.1', port });

    const { listener } = await inheritListener([passed('gateway')(held)], { port });

    expect(listener?.url).toBe(`ws://127.0.0.1:${port}`);
    // This machine has it, and any process could take it.
    const late = new Promise((resolve) => listener?.completeLater(resolve, 1));
    expect(await within(10_000, 'the other address', late)).toEqual({ url: `ws://[::1]:${port}`, isTaken: true });
    listener?.close();
  });

  it.each<[string, (port: number) => ListenOptions[], (port: number) => { host?: string; port: number }, RegExp]>([
    [
      'on another port',
      (port) => [{ host: '127.0.0.1', port: port + 1 }],
      (port) => ({ port }),
      /^the service manager listens on 127\.0\.0\.1:(\d+), but this gateway is for 127\.0\.0\.1:\d+: run openclaw gateway install again, or change the port back$/,
    ],
    [
      'on every address',
      (port) => [{ host: '::', port }],
      (port) => ({ port }),
      /listens on \[::\]:\d+, but this gateway is for 127\.0\.0\.1:/,
    ],
    [
      'on one address too many',
      (port) => [
        { host: '127.0.0.1', port },
        { host: '127.0.0.2', port },
      ],
      (port) => ({ port }),
      /listens on 127\.0\.0\.2:\d+, but this gateway is for 127\.0\.0\.1:/,
    ],
    [
      'without the anchor',
      (port) => [{ host: '127.0.0.2', port }],
      (port) => ({ port, host: '127.0.0.2' }),
      /listens on 127\.0\.0\.2:\d+, but this gateway is for 127\.0\.0\.1:\d+ and 127\.0\.0\.2:/,
    ],
  ])('%s is refused, unless the gateway itself had stored it', async (_where, where, settings, message) => {
    const port = await freePort();
    const held: Server[] = [];
    for (const options of where(port)) held.push(await listening(options));

    await expect(inheritListener(held.map(passed('gateway')), settings(port))).rejects.toThrow(message);
    expect(await inheritListener(held.map(passed('stored-gateway')), settings(port))).toEqual({ isStoreStale: true });
  });

  it('that comes twice is refused', async () => {
    const port = await freePort();
    const held = await listening({ host: '127.0.0.1', port });

    await expect(inheritListener([passed('gateway')(held), passed('gateway')(held)], { port })).rejects.toThrow(
      `the service manager listens on 127.0.0.1:${port} and 127.0.0.1:${port}, but this gateway is for 127.0.0.1:${port}:`,
    );
  });

  it.each([
    ['a file', () => openSync('/dev/null', 'r')],
    ['a socket that does not listen', () => silentSocket()],
    ['a Unix socket', async () => descriptorOf(await listening({ path: join(tempFolder(), 'socket') }))],
    ['no open descriptor', () => 9_999],
  ])('is not %s', async (_what, open) => {
    const descriptor = await open();
    const port = await freePort();

    const refusal = inheritListener([{ descriptor, name: 'gateway' }], { port });

    // A socket that was never bound listens on a port of the system's choice as soon as it is told to listen.
    await expect(refusal).rejects.toThrow(
      new RegExp(
        `^descriptor ${descriptor} \\(gateway\\) is not a TCP socket that listens: give ListenStream=127\\.0\\.0\\.1:${port} in the \\.socket unit$|^the service manager listens on 0\\.0\\.0\\.0:`,
      ),
    );
  });

  it('has the name of one', async () => {
    const held = await listening({ host: '127.0.0.1', port: await freePort() });

    await expect(inheritListener([{ ...passed('web')(held), descriptor: 9_999 }], {})).rejects.toThrow(
      'descriptor 9999 (web) has a name that no listener of a gateway has: give FileDescriptorName=gateway in the .socket unit',
    );
  });

  it('of a unit counts before one that was stored, which is then given up', async () => {
    const port = await freePort();
    const held = await listening({ host: '127.0.0.1', port });
    const stored = await listening({ host: '127.0.0.1', port: port + 1 });

    const { listener, isStoreStale } = await inheritListener(
      [passed('stored-gateway')(stored), passed('gateway')(held)],
      { port },
    );

    expect(isStoreStale).toBe(true);
    expect(listener?.url).toBe(`ws://127.0.0.1:${port}`);
    listener?.close();
  });

  it('that does not listen, though the gateway had stored it, is given up, and keeps nothing from starting', async () => {
    const descriptor = openSync('/dev/null', 'r');
    onCleanUp(() => closeSync(descriptor));

    expect(await inheritListener([{ descriptor, name: 'stored-gateway' }], {})).toEqual({ isStoreStale: true });
  });

  it('by a later version, under a name that this one does not know, is given up', async () => {
    const held = await listening({ host: '127.0.0.1', port: await freePort() });

    expect(await inheritListener([passed('stored-other')(held)], {})).toEqual({ isStoreStale: true });
  });
});

async function listening(options: ListenOptions): Promise<Server> {
  const server = createServer();
  onCleanUp(() => server.close());
  await once(server.listen(options), 'listening');
  return server;
}

function descriptorOf(server: Server): number {
  return duplicate((server as Server & { _handle: { fd: number } })._handle.fd);
}

function passed(name: string): (server: Server) => { readonly descriptor: number; readonly name: string } {
  return (server) => ({ descriptor: descriptorOf(server), name });
}
