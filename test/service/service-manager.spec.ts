import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';

import { claimListener } from '../../src/listener/claim-listener.js';
import { ServiceManager } from '../../src/service/service-manager.js';
import { tellManager } from '../../src/service/tell-manager.js';
import type { ShutdownNotice } from '../../src/serving/ws-session.js';
import { onCleanUp } from '../kit/cleaner.js';
import { duplicate, NotifySocket } from '../kit/libc.js';
import { freePort } from '../kit/ports.js';
import { LINUX } from '../kit/sockets.js';
import { tempFolder } from '../kit/temp.js';

const complaints: string[] = [];
const complain = (line: string): void => void complaints.push(line);
beforeEach(() => complaints.splice(0));

describe('without a service manager', () => {
  it('nothing is told, and nothing fails', async () => {
    const manager = new ServiceManager({ NOTIFY_SOCKET: '' }, complain);

    manager.ready('ready');
    manager.stopping('stopping');

    await manager.read();
    expect(manager.isThere).toBe(false);
    expect(manager.watchdogMs).toBeUndefined();
    expect(complaints).toEqual([]);
  });
});

it('what is meant for this process alone is in the environment of no child', () => {
  const environment = {
    NOTIFY_SOCKET: '/none',
    WATCHDOG_USEC: '1000000',
    WATCHDOG_PID: '1',
    FDSTORE: '4',
    LISTEN_FDS: '0',
    LISTEN_PID: String(process.pid),
    PATH: '/',
  };

  new ServiceManager(environment, complain);

  expect(environment).toEqual({ PATH: '/' });
});

it.each([
  [{ WATCHDOG_USEC: '500000' }, 500],
  [{ WATCHDOG_USEC: '500000', WATCHDOG_PID: String(process.pid) }, 500],
  [{ WATCHDOG_USEC: '500000', WATCHDOG_PID: '1' }, undefined],
  [{ WATCHDOG_USEC: '0' }, undefined],
  [{}, undefined],
])('a sign of life is due: %j', (variables, watchdogMs) => {
  expect(new ServiceManager({ NOTIFY_SOCKET: '/none', ...variables }, complain).watchdogMs).toBe(watchdogMs);
});

(LINUX ? describe : describe.skip)('a service manager', () => {
  it('at an abstract address is told in order', async () => {
    const socket = new NotifySocket(`@openclaw-test-${process.pid}`);
    const manager = new ServiceManager({ NOTIFY_SOCKET: socket.address }, complain);

    manager.extend();
    manager.ready('ready on\nws://127.0.0.1:1');
    manager.status('ready on\nws://127.0.0.1:1');
    manager.status('two clients');
    manager.alive();
    manager.stopping('stopping');

    await socket.take(/^EXTEND_TIMEOUT_USEC=15000000$/);
    await socket.take(/^READY=1\nSTATUS=ready on ws:\/\/127\.0\.0\.1:1$/);
    await socket.take(/^STOPPING=1\nSTATUS=stopping$/);
    expect(complaints).toEqual([]);
  });

  it('is sent the listeners of a gateway that binds by itself', async () => {
    const { socket, manager } = managed();
    const listener = await claimListener({ port: await freePort() });
    onCleanUp(() => listener.close());

    expect(await manager.inherit({})).toBeUndefined();
    manager.store(listener.descriptors);

    const { descriptors } = await socket.take(/^FDSTORE=1\nFDNAME=stored-gateway$/);
    expect(descriptors).toHaveLength(listener.addresses.length);
  });

  it('is sent no listeners where it was not asked for those of before', async () => {
    const { socket, manager } = managed();

    manager.store([0]);
    manager.alive();

    await socket.take(/^WATCHDOG=1$/);
    expect(socket.told).toEqual([]);
  });

  it('is told which listeners it can let go of, before others are bound', async () => {
    const held = createServer();
    onCleanUp(() => held.close());
    await once(held.listen(0, '127.0.0.1'), 'listening');
    const descriptors = takenFrom(duplicate(descriptorOf(held)), 'stored-gateway');
    const { socket, manager } = managed(descriptors);

    const inherited = manager.inherit({ port: await freePort() });

    await socket.take(/^FDSTOREREMOVE=1\nFDNAME=stored-gateway$/);
    const barrier = await socket.take(/^BARRIER=1$/);
    expect(barrier.descriptors).toHaveLength(1);
    socket.release(barrier);
    expect(await inherited).toBeUndefined();
  });

  it('keeps the listeners of one that asks for them, and of a socket unit', async () => {
    const { manager } = managed();
    expect(manager.keepsListeners).toBe(false);
    await manager.inherit({});
    expect(manager.keepsListeners).toBe(true);

    const alone = new ServiceManager({}, complain);
    await alone.inherit({});
    expect(alone.keepsListeners).toBe(false);

    const held = createServer();
    onCleanUp(() => held.close());
    await once(held.listen(0, '127.0.0.1'), 'listening');
    const { port } = held.address() as AddressInfo;
    const untold = new ServiceManager(takenFrom(duplicate(descriptorOf(held)), 'gateway'), complain);
    const listener = await untold.inherit({ port });
    onCleanUp(() => listener?.close());
    expect(untold.keepsListeners).toBe(true);
  });

  it('that is gone gets one complaint, and no more', async () => {
    const manager = new ServiceManager({ NOTIFY_SOCKET: join(tempFolder(), 'none') }, complain);

    manager.ready('ready');
    manager.alive();
    await manager.read();

    expect(complaints).toEqual([
      expect.stringMatching(/^the service manager that started this gateway cannot be told of it \(.*errno 2/),
    ]);
    expect(manager.isThere).toBe(false);
  });

  it('is told of the whole life of a gateway', async () => {
    const { socket, manager } = managed({ WATCHDOG_USEC: '20000' });
    let stop: (notice: ShutdownNotice) => void = () => undefined;
    const stopping = new Promise<ShutdownNotice>((resolve) => (stop = resolve));
    const lock = { descriptors: [], url: 'ws://127.0.0.1:1', stopping };
    await manager.inherit({});

    tellManager(manager, { lock, webSockets: { clients: { size: 1 } } })();

    await socket.take(/^READY=1\nSTATUS=ready on ws:\/\/127\.0\.0\.1:1$/);
    await socket.take(/^WATCHDOG=1$/);
    stop({ reason: 'SIGTERM', restartExpectedMs: null });
    await socket.take(/^STOPPING=1\nSTATUS=stopping: SIGTERM, 1 client to let go$/);
  });
});

/** What `takeDescriptors` reads: descriptors count from 3, so that the ones before are passed in name only. */
function takenFrom(descriptor: number, name: string): NodeJS.ProcessEnv {
  const names = [...Array.from({ length: descriptor - 3 }, () => 'notify'), name];
  return { LISTEN_FDS: String(names.length), LISTEN_PID: String(process.pid), LISTEN_FDNAMES: names.join(':') };
}

function descriptorOf(server: Server): number {
  return (server as Server & { _handle: { fd: number } })._handle.fd;
}

function managed(variables: NodeJS.ProcessEnv = {}): { socket: NotifySocket; manager: ServiceManager } {
  const socket = new NotifySocket(join(tempFolder(), 'notify'));
  const environment = { NOTIFY_SOCKET: socket.address, ...variables };
  return {
    socket,
    manager: new ServiceManager(environment, complain),
  };
}
