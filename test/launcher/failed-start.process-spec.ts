import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { onCleanUp } from '../kit/cleaner.js';
import { until } from '../kit/deadline.js';
import {
  appears,
  call,
  DYING,
  gone,
  killIfThere,
  launcher,
  launchFolder,
  logIn,
  processesIn,
  start,
} from '../kit/launched.js';
import { portOf, rawConnection, stranger } from '../kit/net.js';
import { freePort } from '../kit/ports.js';
import { parse } from '../kit/openclaw.js';
import { BIN, Program } from '../kit/program.js';
import { tempFolder } from '../kit/temp.js';

const DEADLINE_MS = 90_000;

jest.setTimeout(2 * DEADLINE_MS);

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
