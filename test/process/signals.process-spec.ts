import { once } from 'node:events';

import { within } from '../kit/deadline.js';
import { startGateway } from '../kit/gateway.js';
import { hangingGateway } from '../kit/hanging-gateway.js';
import { trouble } from '../kit/log.js';
import { Client, muteWebSocket, rawConnection } from '../kit/net.js';
import { freePort, isFree } from '../kit/ports.js';
import { Operator } from '../kit/operator.js';
import { BIN, fixture, MAIN, Program } from '../kit/program.js';

describe('a signal', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s: clients are told, the port is freed, the code is 0',
    async (signal) => {
      const { program, port, url } = await startGateway();
      const clients = [await Operator.open(url), await Operator.open(`ws://[::1]:${port}`)];

      program.signal(signal);

      for (const client of clients) {
        expect(await client.event('shutdown')).toMatchObject({ payload: { reason: signal, restartExpectedMs: null } });
        expect((await client.close()).code).toBe(1001);
      }
      expect(await program.exit()).toEqual({ code: 0, signal: null });
      expect(await isFree(port)).toBe(true);
      expect(trouble(program.stderr)).toBe('');
    },
  );

  it('twice the same in an instant is one', async () => {
    const { program, url } = await startGateway();
    const client = await Client.open(url);

    program.signal('SIGINT');
    program.signal('SIGINT');

    expect((await client.close()).code).toBe(1001);
    expect(await program.exit()).toEqual({ code: 0, signal: null });
  });

  it('another one ends a slow shutdown at once, with 128 and its number', async () => {
    // Its own deadline must not be quicker than the second signal.
    const { program, port } = await hangingGateway('onApplicationShutdown', 'hang', 120_000);
    program.signal('SIGTERM');
    await program.output('stdout', /hanging/);

    program.signal('SIGINT');

    expect(await program.exit()).toEqual({ code: 130, signal: null });
    expect(await isFree(port)).toBe(true);
  });

  it('does not wait for a client that never answers the close', async () => {
    const { program, url } = await startGateway();
    await muteWebSocket(url);

    program.signal('SIGTERM');

    expect(await program.exit()).toEqual({ code: 0, signal: null });
  });

  it('while the gateway starts is an orderly stop too', async () => {
    const port = await freePort();
    const program = Program.node(BIN, ['gateway', '--port', port]);
    // The first moment at which the port answers is in the middle of the start.
    for (;;) {
      if (await rawConnection(port).catch(() => undefined)) break;
    }

    program.signal('SIGTERM');

    expect(await program.exit()).toEqual({ code: 0, signal: null });
    expect(await isFree(port)).toBe(true);
  });

  it('while another module starts lets it end before anything is torn down', async () => {
    const { program } = await hangingGateway('onApplicationBootstrap', 'slow');
    await program.output('stdout', /hanging/);

    program.signal('SIGTERM');

    expect(await program.exit()).toEqual({ code: 0, signal: null });
    expect(program.stdout).toBe('hanging\ndone\ndestroyed\n');
  });

  it('while another module starts and will not end ends the process in time, with code 0', async () => {
    const { program, port } = await hangingGateway('onApplicationBootstrap');
    await program.output('stdout', /hanging/);

    program.signal('SIGTERM');

    expect(await program.exit()).toEqual({ code: 0, signal: null });
    expect(await isFree(port)).toBe(true);
  });
});

describe('a signal before anything is bound', () => {
  it('ends a start that hangs in the factory of a provider, with code 0', async () => {
    const { program } = await hangingGateway('factory');

    program.signal('SIGTERM');

    expect(await program.exit()).toEqual({ code: 0, signal: null });
  });
});

describe('a terminal that is closed', () => {
  it('is a stop in order', async () => {
    const port = await freePort();
    // script(1) gives it a terminal of its own, which goes with it.
    const command = `exec ${process.execPath} ${BIN} gateway --port ${port}`;
    const terminal = Program.start('script', ['--quiet', '--flush', '--command', command, '/dev/null'], {
      group: true,
      stdin: true,
    });
    await terminal.output('stdout', /gateway listening on/);
    const client = await Operator.open(`ws://127.0.0.1:${port}`);

    terminal.signal('SIGKILL');

    expect((await client.close()).code).toBe(1001);
    expect(await client.event('shutdown')).toMatchObject({ payload: { reason: 'SIGHUP' } });
  });
});

describe('a shutdown', () => {
  it.each(['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown'])(
    'that hangs in %s is ended by its deadline, which names the hook',
    async (hook) => {
      const { program, port } = await hangingGateway(hook);

      program.signal('SIGTERM');

      expect(await program.exit()).toEqual({ code: 1, signal: null });
      expect(program.stderr).toBe(`the gateway did not stop in time: ${hook} still runs; ending the process\n`);
      expect(await isFree(port)).toBe(true);
    },
  );

  it.each(['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown'])(
    'in which %s throws goes on to its end, and the error is logged',
    async (hook) => {
      const { program, port } = await hangingGateway(hook, 'throw');
      const client = await Client.open(`ws://127.0.0.1:${port}`);

      program.signal('SIGTERM');

      expect((await client.close()).code).toBe(1001);
      expect(await program.exit()).toEqual({ code: 0, signal: null });
      expect(program.stderr).toContain('thrown on purpose');
      expect(await isFree(port)).toBe(true);
    },
  );
});

describe('an app that cannot be closed', () => {
  it('says why, and ends with 1', async () => {
    const { program, port } = await hangingGateway('adapter', 'throw');

    program.signal('SIGTERM');

    expect(await program.exit()).toEqual({ code: 1, signal: null });
    expect(program.stderr).toContain('Error: thrown on purpose\n');
    expect(await isFree(port)).toBe(true);
  });
});

describe('a lost listener', () => {
  it('ends the process in order, with a line and code 1', async () => {
    const program = Program.node(fixture('lost-listener'));
    const [, url = ''] = await program.output('stdout', /^gateway listening on (\S+)$/m);
    const client = await Client.open(url);

    expect((await client.close()).code).toBe(1001);
    expect(await program.exit()).toEqual({ code: 1, signal: null });
    expect(program.stderr).toMatch(/lost the listener on ws:\/\/127\.0\.0\.1:\d+; shutting down/);
  });
});

describe('node dist/main.js', () => {
  it('is the gateway as well: same line, same refusal, same codes', async () => {
    const port = await freePort();
    const env = { OPENCLAW_GATEWAY_PORT: String(port) };
    const first = Program.node(MAIN, [], { env });
    await first.output('stdout', new RegExp(`^gateway listening on ws://127.0.0.1:${port}$`, 'm'));

    const second = Program.node(MAIN, [], { env });

    expect(await second.exit()).toEqual({ code: 78, signal: null });
    expect(second.stderr.split('\n', 1)).toEqual([
      `another gateway instance is already listening on ws://127.0.0.1:${port}`,
    ]);
    first.signal('SIGTERM');
    expect(await first.exit()).toEqual({ code: 0, signal: null });
  });

  it.each([
    [[], { OPENCLAW_GATEWAY_PORT: '' }, /^OPENCLAW_GATEWAY_PORT: "" is not a port; .*\n$/],
    [['--port', '1'], {}, /^"--port": nest start takes no arguments; set OPENCLAW_GATEWAY_PORT, or use: .*\n$/],
  ])('refuses %j with %j', async (args, env, line) => {
    const program = Program.node(MAIN, args, { env });

    expect(await program.exit()).toEqual({ code: 64, signal: null });
    expect(program.stderr).toMatch(line);
  });

  it.each(['directly', 'shell'])('stops when the nest start that ran it (%s) is killed', async (how) => {
    const port = await freePort();
    const env = { OPENCLAW_GATEWAY_PORT: String(port) };
    const nest = Program.node(fixture('nest'), ['start', MAIN, how], { env, group: true });
    await nest.output('stdout', /^gateway listening on/m);
    const client = await Client.open(`ws://127.0.0.1:${port}`);

    nest.signal('SIGKILL');

    expect((await client.close()).code).toBe(1001);
    await nest.exit();
    expect(await isFree(port)).toBe(true);
  });

  it("stops an app of one's own as well", async () => {
    const nest = Program.node(fixture('nest'), ['start', fixture('hybrid-gateway'), 'shell'], { group: true });
    const [, url = ''] = await nest.output('stdout', /^gateway listening on (.*)$/m);
    const connection = await rawConnection(Number(new URL(url).port));

    nest.signal('SIGKILL');

    await within(10_000, 'the stop', once(connection, 'close'));
    await nest.exit();
  });
});
