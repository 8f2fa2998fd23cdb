import { startGateway } from '../kit/gateway.js';
import { hangingGateway } from '../kit/hanging-gateway.js';
import { portOf, rawConnection, stranger } from '../kit/net.js';
import { freePort } from '../kit/ports.js';
import { decided, openclaw, parse, UNNAMED, UNOWNED } from '../kit/openclaw.js';
import { BIN, Program } from '../kit/program.js';
import { tempFolder } from '../kit/temp.js';

/** A shutdown that is still under way when a command on a busy machine finds it. */
const LONG_MS = 120_000;

describe('a refused start says who holds the port, and what to do', () => {
  it('a ready gateway: 78', async () => {
    const { port, program } = await startGateway();

    const { code, stderr } = await decided(() => openclaw('--port', port), UNNAMED);

    const [first, who, ...commands] = stderr.trimEnd().split('\n');
    expect(first).toBe(`another gateway instance is already listening on ws://127.0.0.1:${port}`);
    expect(who).toMatch(
      new RegExp(
        `^ {2}held by +gateway \\d+\\.\\d+\\.\\d+, profile default, pid ${program.pid}, ready, up \\d+ m?i?n?s$`,
      ),
    );
    expect(commands).toEqual([
      `  see it     openclaw gateway status --port ${port}`,
      `  stop it    openclaw gateway stop --port ${port}`,
      `  take over  openclaw gateway --port ${port} --force`,
    ]);
    expect(code).toBe(78);
  });

  it('a gateway that is starting: 75', async () => {
    const { port, program } = await hangingGateway('onApplicationBootstrap');

    const { code, stderr } = await openclaw('--port', port);

    expect(stderr).toMatch(new RegExp(`held by .* pid ${program.pid}, starting, up`));
    expect(stderr).toContain(`openclaw gateway --port ${port} --standby`);
    expect(code).toBe(75);
  });

  it('a gateway that is draining: 75', async () => {
    const { port, program } = await hangingGateway('onModuleDestroy', 'hang', LONG_MS);
    program.signal('SIGTERM');
    await program.output('stdout', /hanging/);

    const { code, stderr } = await openclaw('--port', port);

    expect(stderr).toMatch(new RegExp(`held by .* pid ${program.pid}, draining, up`));
    expect(code).toBe(75);
  });

  it('a frozen gateway: 75', async () => {
    const { port, program } = await startGateway();
    program.signal('SIGSTOP');

    const { code, stderr } = await decided(() => openclaw('--port', port), UNNAMED);

    expect(stderr).toMatch(
      new RegExp(`held by +accepts connections but does not answer: a gateway, pid ${program.pid}`),
    );
    expect(stderr).toContain(`kill -9 ${program.pid}`);
    expect(code).toBe(75);
  });

  it('a port on which no process listens: 75', async () => {
    // The local end of an outgoing connection is bound, and refuses connections.
    const socket = await rawConnection(portOf(await stranger()));

    const { code, stderr } = await openclaw('--port', socket.localPort ?? 0);

    expect(stderr).toMatch(/held by +bound, but nothing listens/);
    expect(code).toBe(75);
  });

  it('in one line of JSON for scripts', async () => {
    const { port, program } = await startGateway();

    const refused = await decided(() => openclaw('--port', port, '--json'), UNOWNED);
    const failed = await openclaw('--port', port, '--host', '192.0.2.1', '--json');

    expect(refused.stderr).toBe('');
    expect(refused.stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(parse(refused.stdout)).toMatchObject({
      ok: false,
      code: 'GATEWAY_ALREADY_LISTENING',
      verdict: 'ready',
      url: `ws://127.0.0.1:${port}`,
      holder: { card: { pid: program.pid, profile: 'default' }, owner: { pid: program.pid, isGateway: true } },
      exitCode: 78,
    });
    expect(refused.code).toBe(78);
    expect(failed.code).toBe(78);
    const elsewhere = await openclaw('--port', await freePort(), '--host', '192.0.2.1', '--json');
    expect(parse(elsewhere.stdout)).toMatchObject({
      code: 'GATEWAY_BIND_FAILED',
      message: expect.stringContaining('EADDRNOTAVAIL') as string,
      exitCode: 75,
    });
  });

  it('in plain text where colour is not wanted', async () => {
    const { port } = await startGateway();

    const { stderr } = await openclaw('--port', port);

    expect(stderr).not.toContain('\u001b');
  });
});

describe('--ensure', () => {
  it('is content with a ready gateway of this profile, in one line and with 0', async () => {
    const env = { OPENCLAW_STATE_DIR: tempFolder() };
    const { port, program } = await startGateway(undefined, { env });

    const ensured = Program.node(BIN, ['gateway', '--port', port, '--ensure'], { env });

    expect(await ensured.exit()).toEqual({ code: 0, signal: null });
    expect(ensured.stdout).toMatch(
      new RegExp(`^already there on ws://127.0.0.1:${port}: gateway .*, pid ${program.pid}, ready, up .*\n$`),
    );
    expect(ensured.stderr).toBe('');
  });

  it('says so in one line of JSON for scripts', async () => {
    const env = { OPENCLAW_STATE_DIR: tempFolder() };
    const { port, program } = await startGateway(undefined, { env });

    const ensured = Program.node(BIN, ['gateway', '--port', port, '--ensure', '--json'], { env });

    expect(await ensured.exit()).toEqual({ code: 0, signal: null });
    expect(parse(ensured.stdout)).toMatchObject({
      ok: true,
      verdict: 'ready',
      holder: { card: { pid: program.pid } },
      exitCode: 0,
    });
    expect(ensured.stderr).toBe('');
  });

  it('is not content with a gateway that has the same name and another state folder', async () => {
    const { port } = await startGateway();

    const { code, stderr } = await openclaw('--port', port, '--ensure');

    expect(stderr).toMatch(`another gateway instance is already listening on ws://127.0.0.1:${port}\n`);
    expect(code).toBe(78);
  });

  it('is not content with a gateway that is only starting', async () => {
    const { port } = await hangingGateway('onApplicationBootstrap');

    expect((await openclaw('--port', port, '--ensure')).code).toBe(75);
  });

  it('starts one where there is none', async () => {
    const port = await freePort();
    const program = Program.node(BIN, ['gateway', '--port', port, '--ensure']);

    await program.output('stdout', /^gateway listening/m);
  });
});

describe('flags around a command', () => {
  it.each([
    [['stop', '--force'], "error: unknown option '--force' (see openclaw gateway stop --help)"],
    [['status', '--ensure'], "error: unknown option '--ensure' (see openclaw gateway status --help)"],
    [['--standby', 'stop'], '--standby is a flag of gateway alone: leave it out before stop'],
    [['--port', '1', 'stop', '--port', '2'], '--port stands before and after stop: give it once'],
  ])('%j is refused', async (args, line) => {
    const { code, stderr } = await openclaw(...args);

    expect([code, stderr.split('\n', 1)]).toEqual([64, [line]]);
  });
});
