import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

import { onCleanUp } from '../kit/cleaner.js';
import { freePort } from '../kit/ports.js';
import { BIN, Program } from '../kit/program.js';
import { LINUX } from '../kit/sockets.js';
import { tempFolder } from '../kit/temp.js';

const O_CLOEXEC = 0o2_000_000;

(LINUX ? describe : describe.skip)('a process that is passed its listeners', () => {
  it('serves on them, and no child of it gets them', async () => {
    const port = await freePort();
    const held = [await listening('127.0.0.1', port), await listening('::1', port)];
    const gateway = passing(held, { LISTEN_FDS: '2', LISTEN_FDNAMES: 'gateway:gateway' }, port);
    await gateway.output('stdout', new RegExp(`^addresses: ws://127.0.0.1:${port}, ws://\\[::1\\]:${port}$`, 'm'));

    // Where two processes have a listener, either may accept.
    for (const server of held) server.close();
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);

    for (const descriptor of [3, 4]) {
      const [, flags = ''] =
        /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/${gateway.pid}/fdinfo/${descriptor}`, 'utf8')) ?? [];
      expect(parseInt(flags, 8) & O_CLOEXEC).toBe(O_CLOEXEC);
    }
  });

  it.each([
    [
      { LISTEN_FDS: 'two' },
      'LISTEN_FDS: "two" is not a number of descriptors: start the gateway from its unit, or unset it',
    ],
    [
      { LISTEN_FDS: '2', LISTEN_FDNAMES: 'gateway:gateway' },
      'descriptor 4 (gateway) is not a TCP socket that listens: give ListenStream=127.0.0.1:PORT in the .socket unit',
    ],
    [
      { LISTEN_FDS: '1', LISTEN_FDNAMES: 'web' },
      'descriptor 3 (web) has a name that no listener of a gateway has: give FileDescriptorName=gateway in the .socket unit',
    ],
  ])('is refused with %j', async (variables, message) => {
    const port = await freePort();
    const gateway = passing([await listening('127.0.0.1', port)], variables, port);

    expect(await gateway.exit()).toEqual({ code: 64, signal: null });

    expect(gateway.stderr).toBe(`${message.replace('PORT', String(port))}\n`);
    expect(gateway.stdout).toBe('');
  });
});

/** As a service manager does it: the variable names the process that is to have the descriptors. */
function passing(held: readonly Server[], variables: NodeJS.ProcessEnv, port: number): Program {
  const descriptors = held.map((server) => (server as Server & { _handle: { fd: number } })._handle.fd);
  const command = ['-c', 'LISTEN_PID=$$ exec "$@"', 'sh', process.execPath, BIN, 'gateway', '--port', String(port)];
  return Program.start('sh', command, { descriptors, env: { ...variables, HOME: tempFolder() } });
}

async function listening(host: string, port: number): Promise<Server> {
  const server = createServer();
  onCleanUp(() => server.close());
  await once(server.listen({ host, port, ipv6Only: host === '::1' }), 'listening');
  return server;
}
