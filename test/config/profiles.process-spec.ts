import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ephemeralPorts, isEphemeral } from '../../src/config/ephemeral-ports.js';
import { portOfProfile } from '../../src/config/choose-port.js';
import { freeProfile, Home } from '../kit/home.js';
import { trouble, WARNING } from '../kit/log.js';
import { freePort, isFree } from '../kit/ports.js';
import { parse } from '../kit/openclaw.js';
import { Operator } from '../kit/operator.js';
import { BIN, Program } from '../kit/program.js';
import { snapshot } from '../kit/snapshot.js';
import { canStartAnew } from '../kit/start-anew.js';
import { TOKEN } from '../kit/token.js';

const modeOf = (path: string): number => statSync(path).mode & 0o777;
const rememberedIn = (folder: string): string => readFileSync(join(folder, 'gateway.port'), 'utf8');

async function stop(program: Program): Promise<void> {
  program.signal('SIGTERM');
  expect((await program.exit()).code).toBe(0);
}

describe('the name of a profile', () => {
  it.each<[string[], NodeJS.ProcessEnv]>([
    [['--profile', 'work', 'gateway', 'status'], {}],
    [['gateway', '--profile', 'work', 'status'], {}],
    [['gateway', 'status', '--profile', 'work'], {}],
    [['gateway', 'status', '--profile=work'], { OPENCLAW_PROFILE: 'work' }],
    [['gateway', 'status'], { OPENCLAW_PROFILE: 'work' }],
  ])('is taken from %j and %j', async (args, env) => {
    const { stdout } = await new Home().run([...args, '--json'], env);

    expect(parse(stdout)['url']).toBe(`ws://127.0.0.1:${portOfProfile('work')}`);
  });

  it.each([
    [['--dev', 'gateway', 'status']],
    [['gateway', '--dev', 'status']],
    [['gateway', 'status', '--dev']],
    [['gateway', 'status', '--dev', '--profile', 'dev']],
  ])('is dev in %j', async (args) => {
    const { stdout } = await new Home().run([...args, '--json']);

    expect(parse(stdout)['url']).toBe('ws://127.0.0.1:19001');
  });
});

describe('what is wrong is one line, and 64', () => {
  interface Mistake {
    args?: string[];
    env?: NodeJS.ProcessEnv;
    config?: string;
    line: string;
  }

  const NO_NAME = 'is not a name of a profile; give 1 to 64 of a-z, 0-9 and "-", not beginning with "-"';
  const FILE = '<home>/.openclaw/openclaw.json';

  it.each<Mistake>([
    { args: ['--profile', 'Work', 'gateway'], line: `--profile: "Work" ${NO_NAME}` },
    { env: { OPENCLAW_PROFILE: '' }, line: `OPENCLAW_PROFILE: "" ${NO_NAME}` },
    { args: ['--profile', 'a', 'gateway', '--profile', 'a'], line: '--profile is given twice: give it once' },
    {
      args: ['gateway', '--profile', 'a', 'status', '--profile', 'a'],
      line: '--profile stands before and after status: give it once',
    },
    {
      args: ['gateway', '--allow-host', 'a.example', 'status'],
      line: '--allow-host is a flag of gateway alone: leave it out before status',
    },
    {
      args: ['--dev', 'gateway', '--profile', 'work'],
      line: '--profile says profile work, --dev says dev: give one of them',
    },
    {
      args: ['gateway', '--profile', 'work'],
      env: { OPENCLAW_STATE_DIR: '/var/lib/gateway' },
      line: 'OPENCLAW_STATE_DIR: "/var/lib/gateway" is not the folder of profile work, which is <home>/.openclaw-work: unset it, or leave the profile out',
    },
    {
      config: '{ gateway: { port: "18789" } }',
      line: `${FILE}: gateway.port: "18789" is not a port; give a whole number from 1 to 65535, or leave it out`,
    },
    {
      args: ['gateway', 'stop', '--port', '5000'],
      config: '{ gateway: { port: 70000 } }',
      line: `${FILE}: gateway.port: 70000 is not a port; give a whole number from 1 to 65535, or leave it out`,
    },
    {
      config: '{ gateway: { bind: "nas" } }',
      line: `${FILE}: gateway.bind: "nas" is not an address to bind; give loopback, lan, custom, localhost or an IP address, or leave it out`,
    },
    {
      args: ['gateway', 'status'],
      config: '{ gateway: { bind: "tailnet" } }',
      line: `${FILE}: gateway.bind: "tailnet" is an address that only Tailscale knows; give it with --host <address>, or as gateway.bind`,
    },
    {
      config: '{ gateway: { auth: { token: 12345678 } } }',
      line: `${FILE}: gateway.auth.token has to be a string; write the token itself there, or leave it out and set OPENCLAW_GATEWAY_TOKEN`,
    },
    {
      config: '{ gateway: { auth: { token: "short" } } }',
      line: `${FILE}: gateway.auth.token does not hold a token: give 8 to 512 printable ASCII characters without spaces`,
    },
    {
      config: '{ gatewayLock: { allowOrigins: ["app.example"] } }',
      line: `${FILE}: gatewayLock.allowOrigins: "app.example" is not an allowed origin: give one such as https://app.example`,
    },
    {
      config: '{\n  gateway: }',
      line: `${FILE}: line 2, column 12 is not JSON5: fix it there, or name another file with OPENCLAW_CONFIG_PATH`,
    },
    {
      args: ['gateway', 'ports', '--port', '5000'],
      line: '--port means nothing here: leave it out, since ports is about every profile',
    },
    {
      args: ['gateway', 'status', '--all', '--deep'],
      line: '--deep means nothing here: leave it out, since --all is about every profile',
    },
    {
      args: ['gateway', 'health', '--url', 'ws://127.0.0.1:1', '--port', '5000'],
      line: '--port means nothing here: leave it out, since --url says which gateway',
    },
  ])('$line', async ({ args = ['gateway'], env, config, line }) => {
    const home = new Home();
    if (config !== undefined) home.configure(undefined, config);
    const before = snapshot(home.folder);

    const { code, stdout, stderr } = await home.run(args, env);

    expect(stderr.replaceAll(home.folder, '<home>')).toBe(`${line}\n`);
    expect([code, stdout]).toEqual([64, '']);
    expect(snapshot(home.folder)).toEqual(before);
  });

  it('a folder in the place of the configuration', async () => {
    const home = new Home();
    mkdirSync(join(home.stateFolder(), 'openclaw.json'), { recursive: true });

    const { code, stderr } = await home.run(['gateway']);

    expect(stderr).toMatch(/^\S+\/openclaw\.json: the configuration has to be a file, and this is a folder: .*\n$/);
    expect(code).toBe(64);
  });

  it('a remembered port that is none', async () => {
    const home = new Home();
    mkdirSync(home.stateFolder('work'));
    writeFileSync(join(home.stateFolder('work'), 'gateway.port'), 'rubbish\n');

    const { code, stderr } = await home.run(['gateway', '--profile', 'work', '--port', await freePort()]);

    expect(stderr).toMatch(/^\S+\/gateway\.port: "rubbish" is not a port; give .*, or delete the file\n$/);
    expect(code).toBe(64);
  });

  it('no home folder', async () => {
    const { code, stderr } = await run('', ['gateway']);

    expect(stderr).toBe(
      'HOME: "" is not a path, and there is no other home folder; set it, or give OPENCLAW_STATE_DIR\n',
    );
    expect(code).toBe(64);
  });

  async function run(home: string, args: string[]): Promise<{ code: number | null; stderr: string }> {
    const program = Program.node(BIN, args, { env: { HOME: home } });
    const { code } = await program.exit();
    return { code, stderr: program.stderr };
  }
});

describe('the configuration file', () => {
  it('gives port, address, token and allowed callers to the gateway, and port and token to its commands', async () => {
    const home = new Home();
    const port = await freePort();
    const file = home.configure(
      undefined,
      `{ gateway: { port: ${port}, bind: '127.0.0.1', auth: { token: '${TOKEN}' } }, // by hand
         gatewayLock: { allowHosts: ['gateway.example'] } }`,
    );
    const before = readFileSync(file, 'utf8');

    const program = await home.serve(['gateway']);

    expect(program.stdout).toContain(`addresses: ws://127.0.0.1:${port}\n`);
    const client = await Operator.open(`ws://127.0.0.1:${port}`);
    expect(await client.call('config.get')).toMatchObject({
      payload: {
        path: file,
        exists: true,
        valid: true,
        config: {
          gateway: { port, bind: '127.0.0.1', auth: { mode: 'token' } },
          gatewayLock: { allowHosts: ['gateway.example'], allowOrigins: [] },
        },
        issues: [],
      },
    });
    const { code, stdout, stderr } = await home.run(['gateway', 'call', 'config.get']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain(TOKEN);
    const allowed = await Operator.open(`ws://127.0.0.1:${port}`, { headers: { Host: `gateway.example:${port}` } });
    expect(allowed.hello.protocol).toBe(4);
    expect((await home.run(['gateway', 'stop'])).code).toBe(0);
    expect((await program.exit()).code).toBe(0);
    // The token is given, so that the folder has what was in it before, and the secret by which the gateway is known.
    expect(readdirSync(home.stateFolder()).sort()).toEqual(['gateway.secret', 'openclaw.json']);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('is looked at again by config.get, since it may have been edited', async () => {
    const home = new Home();
    const port = await freePort();
    const file = home.configure(undefined, { gateway: { port, auth: { token: TOKEN } } });
    await home.serve(['gateway']);
    const client = await Operator.open(`ws://127.0.0.1:${port}`);

    writeFileSync(file, '{ gateway: { port: "no port" } }');

    const message = `${file}: gateway.port: "no port" is not a port; give a whole number from 1 to 65535, or leave it out`;
    expect(await client.call('config.get')).toMatchObject({
      payload: { path: file, exists: true, valid: false, issues: [{ path: '', message }] },
    });
  });

  it('gives way to variables, and these to flags', async () => {
    const home = new Home();
    const [configured, fromVariable, fromFlag] = [await freePort(), await freePort(), await freePort()];
    home.configure(undefined, { gateway: { port: configured } });
    const env = { OPENCLAW_GATEWAY_PORT: String(fromVariable) };

    const urls = [
      await home.run(['gateway', 'status', '--json']),
      await home.run(['gateway', 'status', '--json'], env),
      await home.run(['gateway', 'status', '--json', '--port', fromFlag], env),
    ].map(({ stdout }) => parse(stdout)['url']);

    expect(urls).toEqual([configured, fromVariable, fromFlag].map((port) => `ws://127.0.0.1:${port}`));
  });

  it('may be elsewhere', async () => {
    const home = new Home();
    const file = home.configure('elsewhere', { gateway: { port: 5000 } });

    const { stdout } = await home.run(['gateway', 'status', '--json'], { OPENCLAW_CONFIG_PATH: file });

    expect(parse(stdout)['url']).toBe('ws://127.0.0.1:5000');
  });
});

describe('named profiles', () => {
  it('run side by side, each with a port, a folder and a token of its own', async () => {
    const home = new Home();
    const first = await freeProfile();
    const second = await freeProfile();

    const one = await home.serve(['--profile', first, 'gateway']);
    const two = await home.serve(['gateway', '--profile', second]);

    for (const [name, program] of [
      [first, one],
      [second, two],
    ] as const) {
      const port = portOfProfile(name);
      const folder = home.stateFolder(name);
      expect(program.stdout).toContain(`gateway listening on ws://127.0.0.1:${port}\n`);
      expect(modeOf(folder)).toBe(0o700);
      expect(['gateway.port', 'gateway.token'].map((file) => modeOf(join(folder, file)))).toEqual([0o600, 0o600]);
      expect(rememberedIn(folder)).toBe(`${port}\n`);
      const identity = await home.run(['gateway', '--profile', name, 'call', 'gateway.identity']);
      expect(parse(identity.stdout)).toMatchObject({ profile: name, pid: program.pid });
    }
    expect(existsSync(home.stateFolder())).toBe(false);

    const all = await home.run(['gateway', 'status', '--all', '--json']);
    const rows = [first, second].sort().map((name) => ({
      name,
      port: portOfProfile(name),
      url: `ws://127.0.0.1:${portOfProfile(name)}`,
      verdict: 'ready',
      pid: (name === first ? one : two).pid,
      heldBy: name,
      problem: null,
    }));
    const { profiles } = parse(all.stdout) as { profiles: object[] };
    expect([all.code, all.stderr]).toEqual([0, '']);
    expect(profiles).toMatchObject([{ name: 'default', port: 18789 }, ...rows]);
  });

  it('stay on the port that they have started on, and a refused start changes nothing', async () => {
    const home = new Home();
    const name = await freeProfile();
    const port = await freePort();
    await stop(await home.serve(['gateway', '--profile', name, '--port', port]));

    const again = await home.serve(['gateway', '--profile', name]);
    const before = snapshot(home.folder);
    const elsewhere = await freePort();
    const blocker = await new Home().serve(['gateway', '--port', elsewhere]);
    const refused = await home.run(['gateway', '--profile', name, '--port', elsewhere]);

    expect(again.stdout).toContain(`gateway listening on ws://127.0.0.1:${port}\n`);
    expect(refused.code).toBe(78);
    expect(rememberedIn(home.stateFolder(name))).toBe(`${port}\n`);
    expect(snapshot(home.folder)).toEqual(before);
    await stop(blocker);
  });

  it('serve though their port cannot be written down, and warn', async () => {
    const home = new Home();
    const [name, port] = [await freeProfile(), await freePort()];
    const folder = home.stateFolder(name);
    // No file of this process can have any content, as on a disk that is full (RLIMIT_FSIZE in getrlimit(2)).
    const args = ['-c', 'ulimit -f 0; exec "$@"', 'sh', process.execPath, BIN, 'gateway', '--profile', name];
    const program = Program.start('sh', [...args, '--port', String(port)], { env: { HOME: home.folder } });

    await program.output('stdout', /^gateway listening on /m);

    await program.output('stderr', WARNING);
    expect(trouble(program.stderr).trimEnd().split('\n')).toEqual([
      expect.stringContaining(
        `${folder}/gateway.port: port ${port} cannot be remembered (EFBIG): fix the folder, or set gateway.port in ${folder}/openclaw.json`,
      ),
    ]);
    expect(readdirSync(folder)).toEqual([]);
    await stop(program);
  });

  it('that come to one port are told apart in the refusal', async () => {
    const home = new Home();
    const first = await freeProfile();
    const second = sameSlotAs(first);
    await home.serve(['gateway', '--profile', first]);

    const refused = await home.run(['gateway', '--profile', second]);

    expect(refused.code).toBe(78);
    expect(refused.stderr).toContain(
      `\n  not yours  profile ${first} is there, and this is ${second}: give one of them another port with --port\n`,
    );
    expect(existsSync(home.stateFolder(second))).toBe(false);
    const same = await home.run(['gateway', '--profile', first]);
    expect(same.stderr).not.toContain('not yours');
  });

  it('are refused where nothing can be written, with or without a token', async () => {
    const home = new Home();
    const name = await freeProfile();
    chmodSync(home.folder, 0o500);
    // Root may write everywhere, unless it gives up that capability (capabilities(7)) first.
    const asRoot = process.getuid?.() === 0;
    const program = asRoot ? 'setpriv' : process.execPath;
    const args = asRoot ? ['--bounding-set=-dac_override', process.execPath] : [];
    const start = (env: NodeJS.ProcessEnv): Program => {
      return Program.start(program, [...args, BIN, 'gateway', '--profile', name], {
        env: { ...env, HOME: home.folder },
      });
    };

    // What cannot be written cannot be held either.
    for (const env of [{}, { OPENCLAW_GATEWAY_TOKEN: undefined }]) {
      const refused = start(env);
      expect((await refused.exit()).code).toBe(64);
      expect(refused.stderr).toMatch(
        /^the state folder "\S+" cannot be made or used \(EACCES: permission denied\): .*\n$/,
      );
    }
  });

  it('are warned of a port that the operating system gives to any program', async () => {
    const ports = ephemeralPorts();
    const port = await freePortOf(ports.first, ports.last, (port) => isEphemeral(port, ports));

    const program = await new Home().serve(['gateway', '--port', port]);

    await program.output('stderr', WARNING);
    expect(trouble(program.stderr).trimEnd().split('\n')).toEqual([
      expect.stringContaining(`port ${port} is one that the operating system gives to any program`),
    ]);
  });

  function sameSlotAs(name: string): string {
    for (let index = 0; ; index++) {
      if (portOfProfile(`other-${index}`) === portOfProfile(name)) return `other-${index}`;
    }
  }

  async function freePortOf(first: number, last: number, isOne: (port: number) => boolean): Promise<number> {
    for (;;) {
      const port = first + Math.floor(Math.random() * (last - first));
      if (isOne(port) && (await isFree(port)) && (await isFree(port, '::1'))) return port;
    }
  }
});

describe('openclaw gateway ports', () => {
  it('shows the port of every profile, and where it comes from', async () => {
    const home = new Home();
    home.configure('configured', { gateway: { port: 5000 } });
    mkdirSync(home.stateFolder('remembering'));
    writeFileSync(join(home.stateFolder('remembering'), 'gateway.port'), '6000\n');
    mkdirSync(home.stateFolder('work'));

    const table = await home.run(['gateway', '--profile', 'new', 'ports'], { OPENCLAW_GATEWAY_PORT: '7000' });
    const json = await home.run(['gateway', 'ports', '--json']);

    expect(table).toEqual({
      code: 0,
      stdout: [
        'PROFILE      PORT   FROM        CONFLICTS WITH',
        'configured   5000   config      -',
        'new          7000   variable    -',
        'remembering  6000   remembered  -',
        'work         25620  derived     -',
        '',
      ].join('\n'),
      stderr: '',
    });
    expect(json.code).toBe(0);
    expect(parse(json.stdout)).toEqual({
      ok: true,
      exitCode: 0,
      profiles: [
        ['default', 18789, 'derived', home.stateFolder()] as const,
        ['configured', 5000, 'config', home.stateFolder('configured')] as const,
        ['remembering', 6000, 'remembered', home.stateFolder('remembering')] as const,
        ['work', 25_620, 'derived', home.stateFolder('work')] as const,
      ].map(([name, port, from, stateFolder]) => ({ name, port, from, stateFolder, conflicts: [], problem: null })),
    });
  });

  it('ends with 64 where two are in each other’s way, or one is wrong', async () => {
    const home = new Home();
    home.configure('a', { gateway: { port: 5000 } });
    home.configure('b', { gateway: { port: 5019 } });
    const file = home.configure('wrong', { gateway: { port: 0 } });

    const table = await home.run(['gateway', 'ports']);
    const json = await home.run(['gateway', 'ports', '--json']);

    expect(table).toEqual({
      code: 64,
      stdout: [
        'PROFILE  PORT   FROM     CONFLICTS WITH',
        'default  18789  derived  -',
        'a        5000   config   b (5019)',
        'b        5019   config   a (5000)',
        'wrong    -      -        -',
        '',
      ].join('\n'),
      stderr: [
        `${file}: gateway.port: 0 is not a port; give a whole number from 1 to 65535, or leave it out`,
        'a gateway needs its port and the 19 after it for itself: start one of them with another --port, or set gateway.port in its openclaw.json',
        '',
      ].join('\n'),
    });
    expect(json.code).toBe(64);
    expect(parse(json.stdout)).toMatchObject({
      ok: false,
      profiles: [
        { name: 'default', conflicts: [] },
        { name: 'a', conflicts: [{ name: 'b', port: 5019 }] },
        { name: 'b', conflicts: [{ name: 'a', port: 5000 }] },
        { name: 'wrong', port: null, problem: expect.stringContaining('gateway.port: 0') as string },
      ],
    });
  });
});

describe('a gateway on a port that only a flag has named', () => {
  it('is found by status --all and by ports, and is in the way of others there', async () => {
    const home = new Home();
    const port = await freePort();
    home.configure('near', { gateway: { port: port + 3 } });
    const program = await home.serve(['gateway', '--port', port]);

    const all = await home.run(['gateway', 'status', '--all', '--json']);
    const ports = await home.run(['gateway', 'ports', '--json']);

    expect(parse(all.stdout)).toMatchObject({
      profiles: [
        { name: 'default', port, url: `ws://127.0.0.1:${port}`, verdict: 'ready', pid: program.pid, heldBy: 'default' },
        { name: 'near', port: port + 3, verdict: 'free' },
      ],
    });
    expect(parse(ports.stdout)).toMatchObject({
      ok: false,
      profiles: [
        { name: 'default', port, from: 'running', conflicts: [{ name: 'near', port: port + 3 }] },
        { name: 'near', port: port + 3, from: 'config', conflicts: [{ name: 'default', port }] },
      ],
    });
    await stop(program);
    const [gone] = (parse((await home.run(['gateway', 'ports', '--json'])).stdout) as { profiles: object[] }).profiles;
    expect(gone).toMatchObject({ name: 'default', port: 18789, from: 'derived' });
  });

  it('is what the commands are about that are told of no port', async () => {
    const home = new Home();
    const [port, other] = [await freePort(), await freePort()];
    home.configure(undefined, { gateway: { port: other } });
    const program = await home.serve(['gateway', '--port', port]);
    const url = `ws://127.0.0.1:${port}`;

    const status = await home.run(['gateway', 'status', '--json']);
    const told = await home.run(['gateway', 'status', '--json', '--port', other]);
    const variable = await home.run(['gateway', 'status', '--json'], { OPENCLAW_GATEWAY_PORT: String(other) });
    const health = await home.run(['gateway', 'health']);
    const restart = await home.run(['gateway', 'restart']);

    expect(parse(status.stdout)).toMatchObject({ verdict: 'ready', url, holder: { card: { pid: program.pid } } });
    for (const { stdout } of [told, variable]) {
      expect(parse(stdout)).toMatchObject({ verdict: 'free', url: `ws://127.0.0.1:${other}` });
    }
    expect([health.code, health.stderr]).toEqual([0, '']);
    if (canStartAnew) {
      expect(restart.stdout).toBe(`gateway restarted on ${url}: pid ${program.pid}\n`);
      program.signal('SIGTERM');
    } else {
      expect(restart.stdout).toContain(`start it again where it ran: openclaw gateway --port ${port}\n`);
    }
    expect((await program.exit()).code).toBe(0);
    expect(parse((await home.run(['gateway', 'status', '--json'])).stdout)).toMatchObject({
      url: `ws://127.0.0.1:${other}`,
    });
  });

  it('is not taken for the gateway of another profile that has its port, which is stopped only by its port', async () => {
    const [home, other] = [new Home(), new Home()];
    const port = await freePort();
    home.configure(undefined, { gateway: { port } });
    const program = await other.serve(['gateway', '--port', port]);

    const said = `it is not known to be the gateway of this profile; --port ${port} means whichever has the port`;
    for (const command of [['stop'], ['restart'], ['restart', '--handover']]) {
      const { code, stdout, stderr } = await home.run(['gateway', ...command]);
      expect([command, code]).toEqual([command, 78]);
      expect(stdout + stderr).toContain(said);
    }
    const env = { OPENCLAW_GATEWAY_TOKEN: readFileSync(join(other.stateFolder(), 'gateway.token'), 'utf8').trim() };
    for (const command of [['health'], ['call', 'gateway.shutdown']]) {
      const { code, stderr } = await home.run(['gateway', ...command], env);
      const kept = `the token of this user is not shown to ws://127.0.0.1:${port}`;
      expect([code, stderr]).toEqual([69, `${kept}: ${said}\n`]);
    }
    expect((await home.run(['gateway', 'health', '--port', port], env)).code).toBe(0);
    expect((await home.run(['gateway', 'stop', '--port', port])).code).toBe(0);
    expect(await program.exit()).toEqual({ code: 0, signal: null });
  });

  it('outweighs no profile that is named where it is a variable of the shell', async () => {
    const [home, name, port] = [new Home(), await freeProfile(), await freePort()];
    const program = await home.serve(['gateway', '--port', port]);
    const shell = { OPENCLAW_GATEWAY_PORT: String(port) };

    const named = await home.run(['--profile', name, 'gateway', 'stop'], shell);

    expect(named.stdout).toContain('it is not known to be the gateway of this profile');
    expect(named.code).toBe(78);
    expect((await home.run(['gateway', 'stop'], shell)).code).toBe(0);
    expect(await program.exit()).toEqual({ code: 0, signal: null });
  });

  it('is never called free or stopped while it is frozen, and cannot say where it is', async () => {
    const home = new Home();
    const port = await freePort();
    home.configure(undefined, { gateway: { port: await freePort() } });
    const program = await home.serve(['gateway', '--port', port]);
    program.signal('SIGSTOP');

    const [status, all, ports, stopped] = [
      await home.run(['gateway', 'status']),
      await home.run(['gateway', 'status', '--all', '--json']),
      await home.run(['gateway', 'ports', '--json']),
      await home.run(['gateway', 'stop']),
    ];

    const said = /^the gateway of profile default could not be found: a process holds .*; try again, or give --port$/m;
    for (const { code, stdout, stderr } of [status, stopped]) {
      expect([code, stdout]).toEqual([75, '']);
      expect(stderr).toMatch(said);
    }
    const row = { name: 'default', port: null, problem: expect.stringMatching(said) as unknown };
    expect(parse(all.stdout)).toMatchObject({ profiles: [{ ...row, verdict: null }] });
    expect(parse(ports.stdout)).toMatchObject({ ok: false, exitCode: 75, profiles: [row] });
    expect((await home.run(['gateway', 'status', '--port', port])).stdout).toContain('stalled');
    program.signal('SIGCONT');
    expect((await home.run(['gateway', 'status'])).code).toBe(0);
  });

  it('is found though its files have become wrong meanwhile', async () => {
    const home = new Home();
    const port = await freePort();
    const program = await home.serve(['gateway', '--profile', 'work', '--port', port]);
    const file = home.configure('work', '{');

    const all = await home.run(['gateway', 'status', '--all', '--json']);
    const ports = await home.run(['gateway', 'ports', '--json']);

    const problem = expect.stringContaining(`${file}: line 1`) as string;
    expect(parse(all.stdout)).toMatchObject({
      profiles: [{ name: 'default' }, { name: 'work', port, verdict: 'ready', pid: program.pid, problem }],
    });
    expect(parse(ports.stdout)).toMatchObject({
      profiles: [{ name: 'default' }, { name: 'work', port, from: 'running', problem }],
    });
  });
});

describe('openclaw gateway status --all', () => {
  it('shows who is on the port of each profile', async () => {
    const home = new Home();
    const [own, shared] = [await freePort(), await freePort()];
    home.configure('ready', { gateway: { port: own } });
    home.configure('second', { gateway: { port: own } });
    home.configure('free', { gateway: { port: shared } });
    home.configure('wrong', '{');
    const program = await home.serve(['gateway', '--profile', 'ready']);

    const { code, stdout, stderr } = await home.run(['--profile', 'free', 'gateway', 'status', '--all']);

    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    const version = expect.stringMatching(/^\d+\.\d+\.\d+/) as string;
    expect(code).toBe(0);
    expect(rows).toEqual([
      ['PROFILE', 'PORT', 'STATE', 'PID', 'VERSION'],
      ['free', String(shared), 'free', '-', '-'],
      ['ready', String(own), 'ready', String(program.pid), version],
      ['second', String(own), 'ready, but profile ready', String(program.pid), version],
      ['wrong', '-', 'unknown', '-', '-'],
    ]);
    expect(stderr).toMatch(/^\S+\/openclaw\.json: line 1, column 2 is not JSON5: .*\n$/);
  });
});

describe('openclaw gateway logs', () => {
  it('names the profile in the way to a log', async () => {
    const home = new Home();

    const { code, stderr } = await home.run(['--profile', 'work', 'gateway', 'logs']);

    expect(stderr).toBe(
      `there is no ${home.stateFolder('work')}/gateway.log: openclaw gateway --profile work start makes it\n`,
    );
    expect(code).toBe(66);
  });
});

(canStartAnew ? describe.skip : describe)('openclaw gateway restart', () => {
  it('says how to start the same profile again', async () => {
    const home = new Home();
    const port = await freePort();
    await home.serve(['gateway', '--profile', 'work', '--port', port]);

    const { code, stdout } = await home.run(['gateway', '--profile', 'work', 'restart']);

    expect(stdout).toContain(`start it again where it ran: openclaw gateway --profile work --port ${port}\n`);
    expect(code).toBe(0);
  });
});
