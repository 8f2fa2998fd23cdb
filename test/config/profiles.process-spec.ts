import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ephemeralPorts, isEphemeral } from '../../src/config/ephemeral-ports.js';
import { portOfProfile } from '../../src/config/choose-port.js';
import { freeProfile, Home } from '../kit/home.js';
import { trouble, WARNING } from '../kit/log.js';
import { inOwnNetwork, NO_NAMESPACES } from '../kit/namespace.js';
import { freePort, isFree } from '../kit/ports.js';
import { parse } from '../kit/openclaw.js';
import { BIN, Program } from '../kit/program.js';
import { snapshot } from '../kit/snapshot.js';
import { canStartAnew } from '../kit/start-anew.js';
import { modeOf } from '../kit/temp.js';

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
    // In a network of its own, where the range is the kernel's default, no other program is given the port meanwhile.
    const isAlone = NO_NAMESPACES === undefined;
    const ports = ephemeralPorts();
    const port = isAlone ? 50_000 : await freePortOf(ports.first, ports.last, (one) => isEphemeral(one, ports));
    const args = ['gateway', '--port', port];

    const program = isAlone ? inOwnNetwork(BIN, args) : Program.node(BIN, args);

    await program.output('stdout', /^gateway listening on/m);
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
