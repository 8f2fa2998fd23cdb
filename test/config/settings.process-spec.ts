import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Home } from '../kit/home.js';
import { freePort } from '../kit/ports.js';
import { parse } from '../kit/openclaw.js';
import { Operator } from '../kit/operator.js';
import { BIN, Program } from '../kit/program.js';
import { snapshot } from '../kit/snapshot.js';
import { TOKEN } from '../kit/token.js';

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

  it('a remembered port that is no port', async () => {
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
