import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  truncateSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { PidGuard } from '../../src/launcher/pid-guard.js';
import { onCleanUp } from '../kit/cleaner.js';
import { until, within } from '../kit/deadline.js';
import { startGateway } from '../kit/gateway.js';
import { call, cardOf, gone, killIfThere, launcher, launchFolder, processesIn, start } from '../kit/launched.js';
import { NO_MOUNT_NAMESPACES, withoutProc } from '../kit/namespace.js';
import { portOf, rawConnection, stranger } from '../kit/net.js';
import { freePort, isFree } from '../kit/ports.js';
import { Operator } from '../kit/operator.js';
import { parse } from '../kit/openclaw.js';
import { BIN, fixture, Program } from '../kit/program.js';
import { proven } from '../kit/proven.js';
import { SEED, seededRandom } from '../kit/random.js';
import { tempFolder } from '../kit/temp.js';

const STARTS = 20;
const DEADLINE_MS = 90_000;
const KILLS = Number(process.env['LAUNCHER_KILLS'] ?? 6);

jest.setTimeout(2 * DEADLINE_MS);

const logIn = (folder: string): string => join(folder, 'gateway.log');

const DYING = { NODE_OPTIONS: `--import=${fixture('dying-gateway')}` };

/** Resolves when a file of this name has come into being in a folder. */
async function appears(folder: string, name: RegExp): Promise<void> {
  const there = new Promise<void>((resolve) => {
    const check = (): void => {
      if (readdirSync(folder).some((file) => name.test(file))) resolve();
    };
    const watcher = watch(folder, check);
    onCleanUp(() => watcher.close());
    check();
  });
  await within(DEADLINE_MS, `${name} in ${folder}`, there);
}

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

    const launch = withoutProc(BIN, ['gateway', 'start', '--port', port, '--timeout', '10000']);

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

describe('a gateway that does not come to be ready', () => {
  it('a stranger on its port: 69, and its lines', async () => {
    const folder = launchFolder();
    const port = portOf(await stranger({}, (socket) => socket.end('hello')));

    const [text, json] = [
      await call(folder, ['start', '--port', port]),
      await call(folder, ['start', '--port', port, '--json']),
    ];

    expect(text.stderr.split('\n').slice(0, 2)).toEqual([
      `another gateway instance is already listening on ws://127.0.0.1:${port}`,
      expect.stringMatching(/^ {2}port \d+ is in use by another program/) as string,
    ]);
    expect(text.stderr).toMatch(/\nthe gateway ended with 69 while it was starting; its log: \S+\n$/);
    expect([text.code, json.code, text.stdout, json.stderr]).toEqual([69, 69, '', '']);
    expect(parse(json.stdout)).toMatchObject({ ok: false, failure: 'died', exitCode: 69 });
    expect(processesIn(folder)).toEqual([]);
  });

  it('a port that is bound, on which no process listens: 75', async () => {
    const socket = await rawConnection(portOf(await stranger()));

    const { code, stderr } = await call(launchFolder(), ['start', '--port', socket.localPort ?? 0]);

    expect(stderr).toMatch(/held by +bound, but nothing listens/);
    expect(code).toBe(75);
  });

  it.each([
    [['--bogus'], /^error: unknown option '--bogus' \(see openclaw gateway start --help\)\n$/],
    [['--timeout', '0'], /^--timeout: "0" is not a time; .*\n$/],
    [['--token', 'short'], /^--token does not hold a token: .*\n$/],
    [['--host', '0.0.0.0'], /^refusing to bind 0\.0\.0\.0 without auth: .*\nthe gateway ended with 64 .*\n$/m],
  ])('%j: 64', async (flags, lines) => {
    const [folder, port] = [launchFolder(), await freePort()];

    const { code, stderr } = await call(folder, ['start', '--port', port, ...flags], {
      OPENCLAW_GATEWAY_TOKEN: undefined,
    });

    expect(stderr).toMatch(lines);
    expect(code).toBe(64);
    expect(readdirSync(folder).filter((file) => file.startsWith('launcher.pid'))).toEqual([]);
  });

  it('one that throws: its last lines, and its code', async () => {
    const folder = launchFolder();

    const { code, stderr } = await call(folder, ['start', '--port', await freePort()], { ...DYING, CRASH: 'throw' });

    expect(stderr).toContain('Error: thrown before anything else\n');
    expect(stderr).toMatch(/\nthe gateway ended with 1 while it was starting; its log: \S+\n$/);
    expect(code).toBe(1);
  });

  it('three that die: none is started for a while, and it says why and for how long', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const env = { ...DYING, CRASH: 'signal' };

    for (const count of [1, 2, 3]) {
      const { code, stderr } = await call(folder, ['start', '--port', port], env);
      expect([count, code, stderr]).toEqual([
        count,
        137,
        `about to die\nthe gateway ended by signal 9 while it was starting; its log: ${folder}/gateway.log\n`,
      ]);
    }
    const paused = await call(folder, ['start', '--port', port]);

    expect(paused.stderr).toMatch(
      /^the gateway has died 3 times within 120 s: not started again for \d{2,3} s; see why with openclaw gateway logs, or delete \S+\/launcher\.json and try at once\n$/,
    );
    expect([paused.code, paused.stdout]).toEqual([75, '']);
    expect(processesIn(folder)).toEqual([]);
    rmSync(join(folder, 'launcher.json'));
    expect(await start(folder, port)).toMatchObject({ started: true });
  });

  it('three that die when they were ready are too many as well; those that were stopped are not', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    for (let round = 0; round < 3; round++) {
      const { pid } = await start(folder, port);
      expect((await call(folder, ['stop', '--port', port])).code).toBe(0);
      await gone(pid);
    }
    for (let round = 0; round < 3; round++) {
      const { pid } = await start(folder, port);
      killIfThere(pid);
      await gone(pid);
    }

    const paused = await call(folder, ['start', '--port', port]);

    expect(paused.stderr).toMatch(/^the gateway has died 3 times within 120 s/);
    expect(paused.code).toBe(75);
  });

  it.each<[string, number, string[], NodeJS.ProcessEnv]>([
    ['are refused', 69, [], {}],
    ['are stopped while they start', 75, [], { ...DYING, CRASH: 'stopped' }],
    ['are late', 75, ['--timeout', '300'], { ...DYING, CRASH: 'hang' }],
  ])('three that %s have not died, and the next is started', async (_what, exitCode, flags, env) => {
    const [folder, port] = [launchFolder(), await freePort()];
    const inTheWay = await stranger({}, (socket) => socket.end('hello'));
    for (let round = 0; round < 3; round++) {
      const taken = exitCode === 69 ? portOf(inTheWay) : port;
      expect((await call(folder, ['start', '--port', taken, ...flags], env)).code).toBe(exitCode);
    }

    expect(await start(folder, port)).toMatchObject({ started: true });
  });

  it('one that is not ready in time is stopped: 75', async () => {
    const [folder, port] = [launchFolder(), await freePort()];

    const { code, stderr } = await call(folder, ['start', '--port', port, '--timeout', 300], {
      ...DYING,
      CRASH: 'hang',
    });

    expect(stderr).toMatch(
      /^the gateway with pid \d+ was not ready after 300 ms, and was stopped: no process listens\n$/,
    );
    expect(code).toBe(75);
    expect(processesIn(folder)).toEqual([]);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('one that %s finds starting is stopped, and the guard given back', async (signal, exitCode) => {
    const [folder, port] = [launchFolder(), await freePort()];
    const program = launcher(folder, ['start', '--port', port], { ...DYING, CRASH: 'hang' });
    await appears(folder, /^launcher\.json$/);
    expect(processesIn(folder)).toHaveLength(1);

    program.signal(signal);

    expect(await program.exit()).toEqual({ code: exitCode, signal: null });
    expect(processesIn(folder)).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(['gateway.log', 'launcher.json']);
  });
});

describe('a gateway that does not stop when it is told to', () => {
  const DEAF = { ...DYING, CRASH: 'deaf' };
  const toldIn = (folder: string): Promise<void> =>
    until(DEADLINE_MS, 'the gateway to be told', () => /^told to stop$/m.test(readFileSync(logIn(folder), 'utf8')));

  it('is killed by a second signal to its launcher, with all that it has started', async () => {
    const folder = launchFolder();
    const program = launcher(folder, ['start', '--port', await freePort()], DEAF);
    await appears(folder, /^launcher\.json$/);
    await until(DEADLINE_MS, 'its child', () => processesIn(folder).length === 2);

    program.signal('SIGINT');
    await toldIn(folder);
    program.signal('SIGTERM');

    expect(await program.exit()).toEqual({ code: 143, signal: null });
    await until(DEADLINE_MS, 'their end', () => processesIn(folder).length === 0);
  });

  it('is killed in the end where it was late, with all that it has started', async () => {
    const folder = launchFolder();
    // On a busy machine Node itself needs seconds to start; until then SIGTERM ends the process at once.
    const flags = ['--port', await freePort(), '--timeout', 5_000];

    const { code, stderr } = await call(folder, ['start', ...flags], DEAF);

    expect(stderr).toMatch(
      /^the gateway with pid \d+ was not ready after 5000 ms, and was stopped: no process listens\n$/,
    );
    expect(code).toBe(75);
    expect(readFileSync(logIn(folder), 'utf8')).toBe('told to stop\n');
    await until(DEADLINE_MS, 'their end', () => processesIn(folder).length === 0);
  });
});

describe('the guard of a launch', () => {
  it('of a process that is dead, of another with the same number, or garbled, prevents no start', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const record = { since: Date.now(), id: 'of an earlier one' };
    const dead = spawnSync(process.execPath, ['--version']).pid;

    for (const text of [
      JSON.stringify({ ...record, pid: dead, start: null }),
      JSON.stringify({ ...record, pid: process.pid, start: 'linux another-boot 1' }),
      'rubbish',
    ]) {
      writeFileSync(join(folder, 'launcher.pid'), text);
      const { pid, started } = await start(folder, port);

      expect([text, started]).toEqual([text, true]);
      expect(readdirSync(folder).sort()).toEqual(['gateway.log', 'gateway.secret', 'launcher.json']);
      expect((await call(folder, ['stop', '--port', port])).code).toBe(0);
      await gone(pid);
    }
  });

  it(`a launcher that is killed at a random instant prevents no start (TEST_SEED=${SEED})`, async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const random = seededRandom(SEED);

    for (let kill = 0; kill < KILLS; kill++) {
      const program = launcher(folder, ['start', '--port', port]);
      await delay(random() * 1_200);
      program.signal('SIGKILL');
      await program.exit();

      const { pid } = await start(folder, port);

      expect((await cardOf(port)).pid).toBe(pid);
      expect((await call(folder, ['stop', '--port', port])).code).toBe(0);
      await gone(pid);
      // A second one, should the killed launcher have left one that was not yet bound, is refused and goes.
      for (const other of processesIn(folder)) await gone(other);
    }
    // The file of one that was killed when its gateway was ready may be there still, and prevents no start.
    expect(PidGuard.holderOf(folder)).toBeUndefined();
  });

  it('deleted or garbled while launching: several launchers, one gateway', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const guard = join(folder, 'launcher.pid');
    const launchers = Array.from({ length: 6 }, () => launcher(folder, ['start', '--json', '--port', port]));
    const over = new AbortController();
    const ended = Promise.all(launchers.map((program) => program.exit(DEADLINE_MS))).finally(() => over.abort());

    for (let turn = 0; !over.signal.aborted; turn++) {
      if (turn % 2 === 0) rmSync(guard, { force: true });
      else if (existsSync(guard)) writeFileSync(guard, 'rubbish');
      await delay(5);
    }

    expect((await ended).map(({ code }) => code)).toEqual(launchers.map(() => 0));
    const { pid } = await cardOf(port);
    for (const { stdout } of launchers) expect(parse(stdout)['pid']).toBe(pid);
    for (const other of processesIn(folder).filter((one) => one !== pid)) await gone(other);
    expect(processesIn(folder)).toEqual([pid]);
  });

  it('held by a launcher that is frozen: the other says who, with 75, and starts nothing', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const frozen = launcher(folder, ['start', '--port', port], { ...DYING, CRASH: 'hang' });
    await appears(folder, /^launcher\.json$/);
    frozen.signal('SIGSTOP');

    const { code, stderr } = await call(folder, ['start', '--port', port, '--timeout', 500]);

    expect(stderr).toMatch(
      new RegExp(`^another launcher, pid ${frozen.pid}, has been starting this gateway for \\d+ s\n$`),
    );
    expect(code).toBe(75);
    expect(processesIn(folder)).toHaveLength(1);
  });
});

describe('a state folder that cannot be used: one line', () => {
  it('with a folder in place of the guard, or of the log: 64', async () => {
    const port = await freePort();
    for (const name of ['launcher.pid', 'gateway.log']) {
      const folder = launchFolder();
      mkdirSync(join(folder, name));

      const { code, stderr } = await call(folder, ['start', '--port', port]);

      expect(stderr).toMatch(new RegExp(`^${join(folder, name)} is (a folder, )?not a file: move it away\n$`));
      expect(code).toBe(64);
    }
  });

  it('with a pipe in place of the log, that no start waits for: 64', async () => {
    const folder = launchFolder();
    spawnSync('mkfifo', [logIn(folder)]);

    const { code, stderr } = await call(folder, ['start', '--port', await freePort()]);

    expect([code, stderr]).toEqual([64, `${logIn(folder)} is a special file, not a file: move it away\n`]);
  });

  it('that is read-only, or a file: 64, as a gateway in the foreground says it', async () => {
    const [folder, port] = [tempFolder(), await freePort()];
    // Root may write anywhere, unless it is without the capabilities for that (capabilities(7)).
    const isRoot = process.getuid?.() === 0;
    const program = isRoot ? 'setpriv' : process.execPath;
    const args = isRoot ? ['--bounding-set=-dac_override', process.execPath] : [];
    chmodSync(folder, 0o555);
    onCleanUp(() => chmodSync(folder, 0o700));
    const start = [...args, BIN, 'gateway', 'start', '--port', String(port)];

    const readOnly = Program.start(program, start, { env: { OPENCLAW_STATE_DIR: folder } });
    const { code } = await readOnly.exit(DEADLINE_MS);
    const file = await call(BIN, ['start', '--port', port]);

    const wayOut = 'fix it, or choose another one with OPENCLAW_STATE_DIR\n';
    expect([code, readOnly.stderr]).toEqual([
      64,
      `the state folder "${folder}" cannot be made or used (EACCES: permission denied): ${wayOut}`,
    ]);
    expect([file.code, file.stderr]).toEqual([
      64,
      `the state folder "${BIN}" cannot be made or used (EEXIST: file already exists): ${wayOut}`,
    ]);
    expect(readdirSync(folder)).toEqual([]);
  });

  const asRoot = process.getuid?.() === 0 ? it : it.skip;
  asRoot.each(['gateway.log', 'launcher.pid'])('with the %s of another user: 77', async (name) => {
    const [folder, port] = [launchFolder(), await freePort()];
    const file = join(folder, name);
    writeFileSync(file, '');
    chownSync(file, 65534, 65534);

    const { code, stderr } = await call(folder, ['start', '--port', port]);

    expect(stderr).toMatch(new RegExp(`^${file} belongs to another user \\(uid 65534\\): [^\n]*\n$`));
    expect(code).toBe(77);
    expect(statSync(file).uid).toBe(65534);
  });
});

describe('logs', () => {
  const LARGE = 10 * 1024 * 1024;

  /** Makes the log so large that the gateway rotates it at its next look. */
  async function fillAndRotate(folder: string, rotated: RegExp): Promise<void> {
    truncateSync(logIn(folder), LARGE);
    await appears(folder, rotated);
  }
  it('66 and one line where there is none; 64 for what it does not take', async () => {
    const folder = launchFolder();

    const missing = await call(folder, ['logs']);
    const lines = await call(folder, ['logs', '--lines', 'all']);
    const port = await call(folder, ['logs', '--port', '1']);

    expect([missing.code, missing.stderr]).toEqual([
      66,
      `there is no ${folder}/gateway.log: openclaw gateway start makes it\n`,
    ]);
    expect([lines.code, lines.stderr]).toEqual([64, expect.stringMatching(/^--lines: "all" is not a number.*\n$/)]);
    expect([port.code, port.stderr]).toEqual([64, '--port: logs takes --profile or --dev: leave it out\n']);
  });

  it('prints the last 100 lines, or as many as it is told', async () => {
    const folder = launchFolder();
    const lines = Array.from({ length: 150 }, (_, index) => `line ${index + 1}\n`);
    writeFileSync(logIn(folder), lines.join(''));

    const printed = [await call(folder, ['logs']), await call(folder, ['logs', '--lines', 120])];

    expect(printed.map(({ stdout }) => stdout)).toEqual([lines.slice(-100).join(''), lines.slice(-120).join('')]);
  });

  it('64 and one line where it is a pipe, that no start waits for', async () => {
    const folder = launchFolder();
    spawnSync('mkfifo', [join(folder, 'gateway.log')]);

    const { code, stderr } = await call(folder, ['logs']);

    expect([code, stderr]).toEqual([64, `${folder}/gateway.log is a special file, not a file: move it away\n`]);
  });

  it('--follow goes on over rotations, and ends with 0 on a signal and when its reader goes', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const file = join(folder, 'gateway.log');
    const env = { ...DYING, CRASH: 'chatter' };
    expect((await call(folder, ['start', '--port', port], env)).code).toBe(0);
    const [one, two, pipe] = [
      launcher(folder, ['logs', '--follow', '--lines', 0]),
      launcher(folder, ['logs', '-f', '-n', 1]),
      Program.start(
        'sh',
        ['-c', '("$0" "$1" gateway logs -f; echo "ended with $?" >&2) | head -1', process.execPath, BIN],
        {
          env: { OPENCLAW_STATE_DIR: folder },
        },
      ),
    ];
    await one.output('stdout', /chatter/);

    await fillAndRotate(folder, /^gateway\.log\.1$/);
    await fillAndRotate(folder, /^gateway\.log\.2$/);
    let last: string | undefined;
    await until(DEADLINE_MS, 'a line after the rotations', () => {
      last = /[\d.]+\n/.exec(readFileSync(file, 'utf8'))?.[0];
      return last !== undefined;
    });
    await until(DEADLINE_MS, 'that line where the log is followed', () => one.stdout.includes(last ?? ''));
    one.signal('SIGINT');
    two.signal('SIGTERM');

    expect([await one.exit(), await two.exit()]).toEqual(Array(2).fill({ code: 0, signal: null }));
    expect((await pipe.exit()).code).toBe(0);
    expect(pipe.stderr).toBe('ended with 0\n');
    // Each line says when it was written: none is missing, none comes twice.
    const times = one.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => Number(line.split(' ').at(-1)));
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is rotated when it has reached 10 MiB, and not before', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const file = join(folder, 'gateway.log');
    writeFileSync(file, '');
    // So much less that it is looked at at least once before it is there.
    truncateSync(file, LARGE - 30_000);

    const { code } = await call(folder, ['start', '--port', port], { ...DYING, CRASH: 'chatter' });

    expect(code).toBe(0);
    await appears(folder, /^gateway\.log\.1$/);
    expect(statSync(`${file}.1`).size).toBeGreaterThanOrEqual(LARGE);
  });

  it('has what the runtime says when it crashes, after rotations too', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const env = { ...DYING, CRASH: 'chatter then abort' };
    expect((await call(folder, ['start', '--port', port], env)).code).toBe(0);
    const { pid } = await cardOf(port);
    await fillAndRotate(folder, /^gateway\.log\.1$/);
    await fillAndRotate(folder, /^gateway\.log\.2$/);

    process.kill(pid, 'SIGUSR2');
    await gone(pid);

    const { stdout } = await call(folder, ['logs', '--lines', 40]);
    expect(stdout).toMatch(/^----- JavaScript stack trace -----$/m);
  });
});
