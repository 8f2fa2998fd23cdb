import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { freeProfile, Home } from '../kit/home.js';
import { freePort } from '../kit/ports.js';
import { parse } from '../kit/openclaw.js';
import { canStartAnew } from '../kit/start-anew.js';

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
  it('is found by status --all and by ports, and conflicts with others there', async () => {
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
    program.signal('SIGTERM');
    expect((await program.exit()).code).toBe(0);
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
