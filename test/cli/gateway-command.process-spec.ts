import { symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { PACKAGE_VERSION } from '../../src/common/package-version.js';
import { startGateway } from '../kit/gateway.js';
import { logLines, trouble, WARNING, warnings } from '../kit/log.js';
import { stranger } from '../kit/net.js';
import { freePort, isFree } from '../kit/ports.js';
import { Operator } from '../kit/operator.js';
import { BIN, Program, type StartOptions } from '../kit/program.js';
import { tempFolder } from '../kit/temp.js';

async function run(args: (string | number)[], options: StartOptions = {}): Promise<Program & { code: number | null }> {
  const program = Program.node(BIN, args, options);
  const { code } = await program.exit();
  return Object.assign(program, { code });
}

const gateway = (args: (string | number)[], options: StartOptions = {}): ReturnType<typeof run> =>
  run(['gateway', ...args], options);

describe('openclaw gateway', () => {
  it('serves both loopback addresses, and says where and how to stop it', async () => {
    const { program, port, url } = await startGateway();

    expect(url).toBe(`ws://127.0.0.1:${port}`);
    for (const address of [url, `ws://[::1]:${port}`]) {
      const client = await Operator.open(address);
      expect(await client.call('health')).toMatchObject({ ok: true, payload: { ok: true } });
      const healthz = await fetch(`${address.replace('ws:', 'http:')}/healthz`);
      expect(await healthz.json()).toEqual({ ok: true, status: 'live' });
      expect(healthz.headers.get('cache-control')).toBe('no-store');
    }
    expect(program.stdout.split('\n')).toEqual([
      `gateway listening on ws://127.0.0.1:${port}`,
      `addresses: ws://127.0.0.1:${port}, ws://[::1]:${port}`,
      `to stop it: kill ${program.pid}`,
      '',
    ]);
    expect(trouble(program.stderr)).toBe('');
  });

  it('is refused a second time, in one line and with a code of its own', async () => {
    const { port } = await startGateway();

    const second = await gateway(['--port', port]);

    expect(second.stderr.split('\n', 1)).toEqual([
      `another gateway instance is already listening on ws://127.0.0.1:${port}`,
    ]);
    expect(second.stdout).toBe('');
    expect(second.code).toBe(78);
  });

  it('logs for machines, one object in each line, where it is at no terminal', async () => {
    const { program, port } = await startGateway();

    await fetch(`http://127.0.0.1:${port}/healthz`, { headers: { Origin: 'https://elsewhere.example' } });
    await program.output('stderr', WARNING);

    expect(warnings(program.stderr)).toEqual([
      expect.objectContaining({
        level: 'warn',
        message: expect.stringMatching(
          /^refused a request from \S*127\.0\.0\.1: origin not allowed: \S+ \(callers\.origins, or --allow-origin, would allow it\)$/,
        ) as string,
      }),
    ]);
  });

  it('logs for people at a terminal', async () => {
    const port = await freePort();
    const command = `exec ${process.execPath} ${BIN} gateway --port ${port}`;
    const terminal = Program.start('script', ['--quiet', '--flush', '--command', command, '/dev/null'], {
      group: true,
      stdin: true,
    });
    await terminal.output('stdout', /to stop it/);

    await fetch(`http://127.0.0.1:${port}/healthz`, { headers: { Origin: 'https://elsewhere.example' } });

    const [line] = await terminal.output('stdout', /^.*refused a request from .*$/m);
    expect(line).not.toContain('"message"');
  });

  it('logs each request with -v, and not what Nest does', async () => {
    const port = await freePort();
    const program = Program.node(BIN, ['gateway', '--port', port, '-v']);
    await program.output('stdout', /^gateway listening on/m);

    await (await Operator.open(`ws://127.0.0.1:${port}`)).call('health');

    await program.output('stderr', /"subsystem":"gateway\/requests","message":"health: ok, [\d.]+ ms"/);
    expect(logLines(program.stderr).filter(({ subsystem }) => !subsystem.startsWith('gateway'))).toEqual([]);
  });

  it.each(['-vv', '-v -v', '-v --verbose'])('logs what Nest does with %s', async (flags) => {
    const program = Program.node(BIN, ['gateway', '--port', await freePort(), ...flags.split(' ')]);

    await program.output('stderr', /"subsystem":"InstanceLoader"/);
  });

  it('logs its life: start, ready, each client in and out, who stops it, and the stop', async () => {
    const { program, port, url } = await startGateway();
    const about = { id: 'desk', version: '7.8.9\u001b[2J', platform: 'test', mode: 'ui' };
    const operator = await Operator.open(url, { params: { client: about } });
    const client = expect.stringMatching(/^client [\da-f]{8} \(desk 7\.8\.9\ufffd\[2J at 127\.0\.0\.1\) /) as string;

    await operator.call('gateway.shutdown', { reason: 'an update', restartExpectedMs: 3_000 });
    await operator.close();
    await program.exit();

    const lines = logLines(program.stderr);
    expect(new Set(lines.map(({ level, pid }) => `${level} ${pid}`))).toEqual(new Set([`info ${program.pid}`]));
    expect(lines.map(({ subsystem, message }) => [subsystem, message])).toEqual([
      [
        'gateway',
        `gateway ${PACKAGE_VERSION} starting: profile default, pid ${program.pid}, holds ${url}, ws://[::1]:${port}`,
      ],
      ['gateway', `ready: gateway listening on ${url}`],
      ['gateway/clients', client],
      ['gateway', client],
      ['gateway', 'stopping: an update, expected back in 3000 ms'],
      ['gateway/clients', client],
      ['gateway', `stopped: ${url} is free`],
    ]);
    const said = lines.map(({ message }) => message.replace(/^client .*?\) /, ''));
    expect([said[2], said[3], said[5]]).toEqual([
      'came in, mode ui',
      'asks for a stop: an update',
      'left: closed with 1012 (service restart)',
    ]);
  });

  it('logs which signal stops it', async () => {
    const { program } = await startGateway();

    program.signal('SIGTERM');
    await program.exit();

    expect(logLines(program.stderr).map(({ message }) => message)).toContain('stopping: SIGTERM');
  });

  it('outlives the reader of what it writes', async () => {
    const port = await freePort();
    const script = '"$0" "$1" gateway --port "$2" 2>&1 | head -3';
    const reader = Program.start('sh', ['-c', script, process.execPath, BIN, String(port)], { group: true });
    await reader.output('stdout', /^gateway listening/m);

    // Each is a line in a log that is not read any more; the first may still be taken by the pipe.
    for (let count = 0; count < 5; count++) {
      const refused = await fetch(`http://127.0.0.1:${port}/healthz`, {
        headers: { Origin: 'https://elsewhere.example' },
      });
      expect(refused.status).toBe(403);
    }

    expect(await (await Operator.open(`ws://127.0.0.1:${port}`)).call('health')).toMatchObject({ ok: true });
  });

  it('starts at once after the first was killed', async () => {
    const { program, port } = await startGateway();
    program.signal('SIGKILL');
    await program.exit();

    const { url } = await startGateway(port);

    expect(await (await Operator.open(url)).call('health')).toMatchObject({ ok: true, payload: { ok: true } });
  });

  it('takes the port from the environment, and from the flag before that', async () => {
    const [fromEnvironment, fromFlag] = [await freePort(), await freePort()];
    const env = { OPENCLAW_GATEWAY_PORT: String(fromEnvironment) };

    const one = Program.node(BIN, ['gateway'], { env });
    const two = Program.node(BIN, ['gateway', '-p', fromFlag], { env });

    await one.output('stdout', new RegExp(`^gateway listening on ws://127.0.0.1:${fromEnvironment}$`, 'm'));
    await two.output('stdout', new RegExp(`^gateway listening on ws://127.0.0.1:${fromFlag}$`, 'm'));
  });

  it.each(['0', '-1', '65536', '0x10', '1e3', '3.5', '18789x', ' 80', '080', ''])(
    'refuses the port %j, from the flag and from the environment',
    async (value) => {
      const rule = 'is not a port; give a whole number from 1 to 65535 in decimal digits, or leave it out\n';
      const variable = 'OPENCLAW_GATEWAY_PORT';

      const [flag, environment, both] = await Promise.all([
        gateway([`--port=${value}`]),
        gateway([], { env: { [variable]: value } }),
        gateway(['--port', await freePort()], { env: { [variable]: value } }),
      ]);

      expect([flag.code, flag.stderr]).toEqual([64, `--port: ${JSON.stringify(value)} ${rule}`]);
      expect([environment.code, environment.stderr]).toEqual([64, `${variable}: ${JSON.stringify(value)} ${rule}`]);
      expect([both.code, both.stderr]).toEqual([64, `${variable}: ${JSON.stringify(value)} ${rule}`]);
    },
  );

  it.each([
    [['gateway', '--bogus'], "error: unknown option '--bogus' (see openclaw gateway --help)"],
    [['gateway', '--port'], "error: option '-p, --port <port>' argument missing (see openclaw gateway --help)"],
    [['gateway', 'now'], "error: unknown command 'now' (see openclaw gateway --help)"],
    [['gatewya'], "error: unknown command 'gatewya' (Did you mean gateway?)"],
    [
      ['gateway', '--host', 'example.test'],
      '--host: "example.test" is not a host to listen on: give an IP address such as 127.0.0.1, ::1 or 0.0.0.0, or "localhost" for 127.0.0.1 and ::1 together',
    ],
  ])('refuses %j with one line', async (args, line) => {
    const program = await run(args);

    expect(program.stderr).toBe(`${line}\n`);
    expect(program.code).toBe(64);
  });

  it('prints help and its version, and binds nothing', async () => {
    const env = { OPENCLAW_GATEWAY_PORT: 'not a port' };

    const [help, version, commandHelp, commandVersion] = await Promise.all(
      [['--help'], ['--version'], ['gateway', '--help'], ['gateway', '--version']].map((args) => run(args, { env })),
    );

    expect(help?.stdout).toContain('Usage: openclaw [options] [command]');
    expect(commandHelp?.stdout).toContain('Usage: openclaw gateway [options]');
    expect(commandHelp?.stdout).toContain('--port <port>');
    expect(version?.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(commandVersion?.stdout).toBe(version?.stdout);
    expect([help?.code, version?.code, commandHelp?.code, commandVersion?.code]).toEqual([0, 0, 0, 0]);
  });

  it('runs as gateway run too', async () => {
    const port = await freePort();
    const program = Program.node(BIN, ['gateway', '--port', port, 'run']);

    await program.output('stdout', new RegExp(`^gateway listening on ws://127.0.0.1:${port}$`, 'm'));
    program.signal('SIGTERM');
    expect(await program.exit()).toEqual({ code: 0, signal: null });
  });

  it('calls itself openclaw-gateway where it is called so', async () => {
    const other = join(tempFolder(), 'openclaw-gateway');
    symlinkSync(BIN, other);
    const program = Program.node(other, ['--help']);

    expect(await program.exit()).toEqual({ code: 0, signal: null });
    expect(program.stdout).toMatch(/^Usage: openclaw-gateway \[options\]/);
  });

  it('reads no .env from the folder it is called in', async () => {
    const cwd = tempFolder();
    const { writeFileSync } = await import('node:fs');
    writeFileSync(`${cwd}/.env`, 'OPENCLAW_GATEWAY_PORT=not-a-port\n');

    const { url, port } = await startGateway(await freePort(), { cwd });

    expect(url).toBe(`ws://127.0.0.1:${port}`);
  });

  it('says why a port cannot be bound', async () => {
    const port = await freePort();
    // Root may bind any port, unless it gives up that capability (capabilities(7)) first.
    const unprivileged = process.getuid?.() === 0 ? ['--bounding-set=-net_bind_service'] : [];
    const args = [...unprivileged, process.execPath, BIN, 'gateway', '--port', '81'];

    const foreign = await gateway(['--host', '192.0.2.1', '--port', port]);
    const privileged = Program.start('setpriv', args);
    const { code } = await privileged.exit();

    expect(foreign.stderr).toMatch(
      new RegExp(
        `^failed to bind gateway socket on ws://192\\.0\\.2\\.1:${port}: listen EADDRNOTAVAIL.*\n {2}wait for it {2}openclaw gateway --host 192\\.0\\.2\\.1 --port ${port} --standby\n$`,
      ),
    );
    expect(privileged.stderr).toMatch(
      /^failed to bind gateway socket on ws:\/\/127\.0\.0\.1:81: listen EACCES: permission denied.*\n$/,
    );
    expect([foreign.code, code]).toEqual([75, 71]);
  });

  it('holds nothing when a stranger holds ::1 alone', async () => {
    const port = await freePort();
    await stranger({ host: '::1', port });

    const refused = await gateway(['--port', port]);

    expect(refused.stderr.split('\n', 1)).toEqual([
      `another gateway instance is already listening on ws://[::1]:${port}`,
    ]);
    expect(await isFree(port)).toBe(true);
  });
});
