import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { startGateway } from '../kit/gateway.js';
import {
  appears,
  call,
  cardOf,
  DYING,
  gone,
  launcher,
  launchFolder,
  logIn,
  processesIn,
  start,
} from '../kit/launched.js';
import { NO_MOUNT_NAMESPACES, withoutProc } from '../kit/namespace.js';
import { freePort, isFree } from '../kit/ports.js';
import { Operator } from '../kit/operator.js';
import { parse } from '../kit/openclaw.js';
import { BIN, fixture, Program } from '../kit/program.js';
import { proven } from '../kit/proven.js';

const STARTS = 20;
const DEADLINE_MS = 90_000;

jest.setTimeout(2 * DEADLINE_MS);

describe('start', () => {
  it('leaves a gateway in the background, in a session of its own and with nothing of ours', async () => {
    const [folder, port] = [launchFolder(), await freePort()];

    const { code, stdout, stderr } = await call(folder, ['start', '--port', port]);

    const { pid, url } = await cardOf(port);
    expect(stdout).toBe(
      `gateway started on ws://127.0.0.1:${port}: pid ${pid}\nits log: ${folder}/gateway.log\nto stop it: openclaw gateway stop --port ${port}\n`,
    );
    expect([code, stderr, url]).toEqual([0, '', `ws://127.0.0.1:${port}`]);
    // proc_pid_stat(5): parent, group and session follow the state. Its launcher is gone.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [, , group, session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    expect([group, session]).toEqual([String(pid), String(pid)]);
    expect([0, 1, 2].map((descriptor) => readlinkSync(`/proc/${pid}/fd/${descriptor}`))).toEqual([
      '/dev/null',
      `${folder}/gateway.log`,
      `${folder}/gateway.log`,
    ]);
    expect(readdirSync(folder).sort()).toEqual(['gateway.log', 'gateway.secret', 'launcher.json']);
    expect(statSync(join(folder, 'gateway.log')).mode & 0o777).toBe(0o600);
    expect(await (await Operator.open(url)).call('health')).toMatchObject({ ok: true });
  });

  it('then status, logs, start again, stop: one gateway, and none in the end', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const { pid, started } = await start(folder, port);

    const status = await call(folder, ['status', '--port', port, '--json']);
    const logs = await call(folder, ['logs']);
    const again = await start(folder, port);
    const text = await call(folder, ['start', '--port', port]);
    const stop = await call(folder, ['stop', '--port', port]);

    expect(started).toBe(true);
    expect(parse(status.stdout)).toMatchObject({ verdict: 'ready', holder: { card: { pid } } });
    expect(logs.stdout).toMatch(new RegExp(`ready: gateway listening on ws://127.0.0.1:${port}\n`));
    expect(logs.stdout).not.toContain('Ctrl-C');
    expect(again).toMatchObject({ pid, started: false, logFile: join(folder, 'gateway.log') });
    expect(text.stdout).toMatch(new RegExp(`^gateway already there on ws://127.0.0.1:${port}: pid ${pid}\n`));
    expect(stop.code).toBe(0);
    await gone(pid);
    expect(await isFree(port)).toBe(true);
  });

  it('is content with a gateway that was started in the foreground, and leaves no trace', async () => {
    const folder = launchFolder();
    const { program, port } = await startGateway(undefined, { env: { OPENCLAW_STATE_DIR: folder } });

    const found = await start(folder, port);

    expect(found).toMatchObject({ pid: program.pid, started: false, logFile: null });
    expect(readdirSync(folder)).toEqual(['gateway.secret']);
  });

  it('is content with the gateway of the profile on any port, where it is told of none', async () => {
    const folder = launchFolder();
    const { program, port } = await startGateway(undefined, { env: { OPENCLAW_STATE_DIR: folder } });
    writeFileSync(join(folder, 'openclaw.json'), JSON.stringify({ gateway: { port: await freePort() } }));

    const { code, stdout } = await call(folder, ['start']);

    expect(stdout).toBe(
      `gateway already there on ws://127.0.0.1:${port}: pid ${program.pid}\nto stop it: openclaw gateway stop --port ${port}\n`,
    );
    expect(code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['gateway.secret', 'openclaw.json']);
  });

  it('is not content with a gateway of the same name and another state folder', async () => {
    const folder = launchFolder();
    const { program, port } = await startGateway();

    const { code, stdout, stderr } = await call(folder, ['start', '--port', port]);

    expect(stderr.split('\n').slice(0, 2)).toEqual([
      `another gateway instance is already listening on ws://127.0.0.1:${port}`,
      expect.stringMatching(new RegExp(`^ {2}held by +gateway .*, profile default, pid ${program.pid}, ready, `)),
    ]);
    expect([code, stdout]).toEqual([78, '']);
    expect(processesIn(folder)).toEqual([]);
  });

  it('refuses a port that the gateway of the profile is not on, and starts nothing', async () => {
    const folder = launchFolder();
    const { program, port } = await startGateway(undefined, { env: { OPENCLAW_STATE_DIR: folder } });
    const other = await freePort();

    const text = await call(folder, ['start', '--port', other]);
    const json = await call(folder, ['start', '--json'], { OPENCLAW_GATEWAY_PORT: String(other) });

    const message = `another gateway instance is already using profile default (ws://127.0.0.1:${port}), and not on port ${other}: give no port to use that one, or stop it with openclaw gateway stop --port ${port}`;
    expect([text.code, text.stdout, text.stderr]).toEqual([78, '', `${message}\n`]);
    expect(parse(json.stdout)).toMatchObject({ ok: false, failure: 'elsewhere', message, exitCode: 78 });
    expect([json.code, json.stderr]).toEqual([78, '']);
    expect(readdirSync(folder)).toEqual(['gateway.secret']);
    expect((await cardOf(port)).pid).toBe(program.pid);
  });

  it('waits for a gateway of the profile that is still starting on another port, and starts none beside it', async () => {
    const [folder, elsewhere, port] = [launchFolder(), await freePort(), await freePort()];
    const env = { STATE_FOLDER: folder };
    const program = Program.node(fixture('hanging-hook'), [elsewhere, 'onApplicationBootstrap'], { env });
    await program.output('stdout', /hanging/);

    const { code, stderr } = await call(folder, ['start', '--port', port, '--timeout', 500]);

    expect(stderr).toMatch(
      new RegExp(
        `^no gateway of profile default was ready on ws://127.0.0.1:${elsewhere} after 500 ms: starting, .*pid ${program.pid}, .*\n$`,
      ),
    );
    expect(code).toBe(75);
    expect(readdirSync(folder)).toEqual(['gateway.secret']);
    program.signal('SIGKILL');
    await program.exit();
    expect(await start(folder, port)).toMatchObject({ started: true, url: `ws://127.0.0.1:${port}` });
  });

  const skipped = NO_MOUNT_NAMESPACES !== undefined;
  const reason = skipped ? ` (${NO_MOUNT_NAMESPACES})` : '';
  (skipped ? it.skip : it)(`is content with its own gateway where it cannot be told whose it is${reason}`, async () => {
    const port = await freePort();

    const launch = withoutProc(BIN, ['gateway', 'start', '--port', port, '--timeout', '60000']);

    expect([await launch.exit(), launch.stderr]).toEqual([{ code: 0, signal: null }, '']);
    expect(launch.stdout).toMatch(`gateway started on ws://127.0.0.1:${port}: pid `);
  });

  it('waits for a gateway that is stopping, and starts one in its place', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const env = { STATE_FOLDER: folder };
    const program = Program.node(fixture('hanging-hook'), [port, 'onModuleDestroy'], { env });
    await program.output('stdout', /^gateway listening on/m);
    program.signal('SIGTERM');
    await program.output('stdout', /hanging/);

    expect(await start(folder, port)).toMatchObject({ started: true });
  });

  it('waits for a gateway that is still starting', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const program = Program.node(fixture('hanging-hook'), [port, 'onApplicationBootstrap']);
    await program.output('stdout', /hanging/);

    const { code, stdout } = await call(folder, ['start', '--json', '--port', port, '--timeout', 500]);

    expect(code).toBe(75);
    expect(parse(stdout)).toMatchObject({
      ok: false,
      failure: 'late',
      message: expect.stringMatching(
        new RegExp(`^no gateway of profile default was ready on \\S+ after 500 ms: starting, .*pid ${program.pid}, `),
      ) as string,
    });
    expect(program.signal('SIGKILL')).toBe(true);
  });

  it(`${STARTS} at once: one gateway, and all say the same`, async () => {
    const [folder, port] = [launchFolder(), await freePort()];

    const found = await Promise.all(Array.from({ length: STARTS }, () => start(folder, port)));

    const { pid } = await cardOf(port);
    expect(new Set(found.map((gateway) => gateway.pid))).toEqual(new Set([pid]));
    expect(found.filter(({ started }) => started)).toHaveLength(1);
    expect(processesIn(folder)).toEqual([pid]);
    expect(readdirSync(folder).sort()).toEqual(['gateway.log', 'gateway.secret', 'launcher.json']);
    proven(`${STARTS} starts at once in the background: ${STARTS} times exit 0, 1 gateway`);
  });

  it('hands over what it was given, and shows the token to no other process', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const token = 'a-token-that-is-secret';
    const origin = 'https://app.test';
    const flags = ['--token', token, '--allow-host', 'gateway.test', '--allow-origin', origin, '-vv'];
    const { pid } = await start(folder, port, ...flags);

    expect(await (await Operator.open(`ws://127.0.0.1:${port}`, { token })).call('health')).toMatchObject({ ok: true });
    const allowed = await Operator.open(`ws://127.0.0.1:${port}`, {
      token,
      headers: { Host: `gateway.test:${port}` },
      origin,
    });
    expect(await allowed.call('health')).toMatchObject({ ok: true });
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(token);
    expect(readFileSync(logIn(folder), 'utf8')).toContain('InstanceLoader');
    for (const file of readdirSync(folder)) expect(readFileSync(join(folder, file), 'utf8')).not.toContain(token);
  });

  it('gives a gateway no argument with the token, for the moment before it has a title', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const program = launcher(folder, ['start', '--port', port, '--token', 'a-token-that-is-secret'], {
      ...DYING,
      CRASH: 'hang',
    });
    await appears(folder, /^launcher\.json$/);

    const [pid = 0] = processesIn(folder);

    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')).toEqual(
      expect.arrayContaining(['gateway', `--port=${port}`, '--profile=default']),
    );
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain('secret');
    program.signal('SIGKILL');
  });

  it('takes a relative state folder and configuration as its own, wherever the gateway runs', async () => {
    const folder = launchFolder();
    const port = await freePort();
    const token = 'a-token-that-is-configured';
    writeFileSync(join(folder, 'elsewhere.json'), JSON.stringify({ gateway: { auth: { token } } }));
    const args = [BIN, 'gateway', 'start', '--port', String(port)];
    const env = {
      OPENCLAW_STATE_DIR: basename(folder),
      OPENCLAW_CONFIG_PATH: join(basename(folder), 'elsewhere.json'),
      OPENCLAW_GATEWAY_TOKEN: undefined,
    };
    const options = { cwd: join(folder, '..'), env };
    const program = Program.start(process.execPath, args, options);

    expect((await program.exit(DEADLINE_MS)).code).toBe(0);
    expect(processesIn(folder)).toEqual([(await cardOf(port)).pid]);
    expect(await (await Operator.open(`ws://127.0.0.1:${port}`, { token })).call('health')).toMatchObject({ ok: true });
  });

  it('says at a terminal what it waits for', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const command = `exec ${process.execPath} ${BIN} gateway start --port ${port}`;
    const terminal = Program.start('script', ['--quiet', '--flush', '--command', command, '/dev/null'], {
      env: { OPENCLAW_STATE_DIR: folder },
    });

    await terminal.exit(DEADLINE_MS);

    const { pid } = await cardOf(port);
    expect(terminal.stdout.split('\r\n').slice(0, 2)).toEqual([
      `starting the gateway: pid ${pid}`,
      `gateway started on ws://127.0.0.1:${port}: pid ${pid}`,
    ]);
  });

  it('goes on with a log that is there, and closes it to others', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    writeFileSync(logIn(folder), 'written before\n', { mode: 0o644 });

    await start(folder, port);

    expect(statSync(logIn(folder)).mode & 0o777).toBe(0o600);
    expect(readFileSync(logIn(folder), 'utf8')).toMatch(/^written before\n\{.*"message":"gateway \S+ starting: /);
  });
});
