import { once } from 'node:events';
import type { Socket } from 'node:net';

import { within } from '../kit/deadline.js';
import { muteWebSocket, rawConnection } from '../kit/net.js';
import { openclaw } from '../kit/openclaw.js';
import { Operator } from '../kit/operator.js';
import { freePort } from '../kit/ports.js';
import { BIN, fixture, Program } from '../kit/program.js';
import { head } from '../kit/raw-http.js';
import { LINUX } from '../kit/sockets.js';
import { tempFolder } from '../kit/temp.js';

const LIMIT = 200;
const CONNECTIONS = 400;
const WARNING = new RegExp(`of ${LIMIT} file descriptors few are left: .*LimitNOFILE=.*ulimit -n`, 'g');
const DEADLINE_MS = 30_000;

/** Runs a script that may have no more than so many files open. */
function limited(limit: number, script: string, ...args: readonly (string | number)[]): Program {
  const env = { HOME: tempFolder() };
  return Program.start('prlimit', [`--nofile=${limit}:${limit}`, process.execPath, script, ...args.map(String)], {
    env,
  });
}

async function limitedGateway(): Promise<{ program: Program; port: number; url: string }> {
  const port = await freePort();
  const program = limited(LIMIT, BIN, 'gateway', '--port', port);
  await program.output('stdout', /^gateway listening on /m);
  return { program, port, url: `ws://127.0.0.1:${port}` };
}

async function request(port: number, text: string): Promise<Socket> {
  const socket = await rawConnection(port);
  socket.write(text);
  return socket;
}

const KINDS: Readonly<Record<string, (port: number) => Promise<unknown>>> = {
  'that say nothing': (port) => rawConnection(port),
  'that are upgraded and show no token': (port) => muteWebSocket(`ws://127.0.0.1:${port}`),
  'that watch for its end': (port) =>
    request(port, head('GET /.well-known/gateway/watch HTTP/1.1', `Host: 127.0.0.1:${port}`)),
};

(LINUX ? describe : describe.skip)(`a gateway that may have ${LIMIT} files open`, () => {
  it.each(Object.entries(KINDS))(
    `answers its operator beside ${CONNECTIONS} connections %s`,
    async (_kind, connect) => {
      const { program, port } = await limitedGateway();
      for (let opened = 0; opened < CONNECTIONS; opened += 50) {
        await Promise.all(Array.from({ length: 50 }, () => connect(port)));
      }

      const health = await openclaw('health', '--port', port);
      const status = await openclaw('status', '--port', port);

      expect([health.code, health.stderr, status.code]).toEqual([0, '', 0]);
      program.signal('SIGTERM');
      expect(await program.exit()).toEqual({ code: 0, signal: null });
      expect(program.stderr).not.toContain('EMFILE');
      expect(program.stderr.match(WARNING)).toHaveLength(1);
    },
  );

  it('lets in no more clients than leave room for requests of its operator', async () => {
    const { program, port, url } = await limitedGateway();
    const opened = await Promise.allSettled(Array.from({ length: LIMIT }, () => Operator.open(url)));
    const clients = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));

    const status = await openclaw('status', '--port', port);

    expect(status.code).toBe(0);
    expect(clients.length).toBeGreaterThan(LIMIT / 4);
    expect(clients.length).toBeLessThan(LIMIT - 64);
    expect(await Promise.all(clients.map(async (client) => (await client.call('health')).ok))).not.toContain(false);
    await program.output('stderr', /too many connections/);
  });
});

(LINUX ? it : it.skip)('a gateway whose own files took the last descriptor says so, and keeps its lock', async () => {
  const port = await freePort();
  const program = limited(1_000, fixture('starving-gateway'), port);
  await program.output('stdout', /^gateway listening on /m);

  const socket = await rawConnection(port);
  await within(DEADLINE_MS, 'the reset', once(socket, 'close'));
  await program.output('stdout', /no file descriptor is left \(EMFILE\): .*ulimit -n/);

  program.signal('SIGTERM');
  expect(await program.exit()).toEqual({ code: 0, signal: null });
});
