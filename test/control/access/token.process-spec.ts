import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { WebSocketServer } from 'ws';

import { onCleanUp } from '../../kit/cleaner.js';
import { canRunHere, runHere } from '../../kit/command.js';
import { startGateway } from '../../kit/gateway.js';
import { Client, portOf, stranger } from '../../kit/net.js';
import { trouble } from '../../kit/log.js';
import { freePort, isFree } from '../../kit/ports.js';
import { knock, Operator } from '../../kit/operator.js';
import { BIN, fixture, Program, type StartOptions } from '../../kit/program.js';
import { LINUX } from '../../kit/sockets.js';
import { tempFolder } from '../../kit/temp.js';
import { TOKEN } from '../../kit/token.js';

const SECRET = 'a-secret-that-shows-nowhere';
const BAD_TOKENS = ['', 'shh', `${SECRET} `, `${SECRET}\n${SECRET}`, SECRET.repeat(50)];
const RULE = 'give 8 to 512 printable ASCII characters without spaces';

interface Home {
  readonly options: StartOptions;
  readonly folder: string;
  readonly file: string;
}

/** A user of whom no gateway knows yet. */
function freshHome(): Home {
  const home = tempFolder();
  const folder = join(home, '.openclaw');
  return {
    options: { env: { HOME: home, OPENCLAW_GATEWAY_TOKEN: undefined } },
    folder,
    file: join(folder, 'gateway.token'),
  };
}

async function run(args: readonly (string | number)[], options: StartOptions = {}): Promise<Ended> {
  if (canRunHere(args)) return runHere(['gateway', ...args], options.env);
  return end(Program.node(BIN, ['gateway', ...args], options));
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function end(program: Program): Promise<Ended> {
  const { code } = await program.exit();
  return { code, stdout: program.stdout, stderr: program.stderr };
}

describe('the token that a gateway makes', () => {
  it('is for this user alone, and the same at the next start', async () => {
    const { options, folder, file } = freshHome();
    const { program, port } = await startGateway(undefined, options);
    expect([statSync(folder), statSync(file)].map(({ mode }) => mode & 0o777)).toEqual([0o700, 0o600]);
    const token = readFileSync(file, 'utf8');
    program.signal('SIGTERM');
    await program.exit();

    const { url } = await startGateway(port, options);

    expect(readFileSync(file, 'utf8')).toBe(token);
    expect(await (await Operator.open(url, { token: token.trim() })).call('health')).toMatchObject({ ok: true });
  });

  it('is not shown to a stranger on the port', async () => {
    const { options, folder, file } = freshHome();
    mkdirSync(folder);
    writeFileSync(file, SECRET);
    const heard: string[] = [];
    const squatter = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    onCleanUp(() => squatter.close());
    squatter.on('connection', (socket) => {
      socket.on('message', (data: Buffer) => heard.push(data.toString()));
      socket.send('{"type":"event","event":"connect.challenge","payload":{"nonce":"n","ts":0}}');
    });
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;

    const { code, stderr } = await run(['health', '--port', port], options);

    expect(code).toBe(69);
    expect(stderr).toContain(`the token of this user is not shown to ws://127.0.0.1:${port}`);
    expect(heard).toEqual([]);
  });

  const twoUsers = LINUX && process.getuid?.() === 0;
  const needs = twoUsers ? '' : ' (needs Linux, and root to be two users)';
  (twoUsers ? it : it.skip).each(['health', 'status --deep', 'stop', 'restart'])(
    `is not shown by %j to a process of another user that shows a card${needs}`,
    async (command) => {
      const { options, folder, file } = freshHome();
      mkdirSync(folder);
      writeFileSync(file, SECRET);
      const thief = Program.node(fixture('token-thief'), [65_534]);
      const [, port = ''] = await thief.output('stdout', /^port (\d+)$/m);

      await run([...command.split(' '), '--port', port], options);

      expect(thief.stdout).toBe(`port ${port}\n`);
    },
  );

  it('that the configuration file has is shown to no stranger either', async () => {
    const { options, folder } = freshHome();
    mkdirSync(folder);
    writeFileSync(join(folder, 'openclaw.json'), JSON.stringify({ gateway: { auth: { token: SECRET } } }));
    let heard = '';
    const port = portOf(
      await stranger({}, (socket) => socket.on('data', (data: Buffer) => (heard += data.toString()))),
    );

    const { code } = await run(['health', '--port', port, '--timeout', 2_000], options);

    expect(code).toBe(75);
    expect(heard).toContain('GET ');
    expect(heard).not.toContain(SECRET);
  });

  it('is found by the commands of the same user', async () => {
    const { options } = freshHome();
    const { port } = await startGateway(undefined, options);
    const health = await run(['health', '--port', port], options);
    expect(health).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(health.stdout)).toMatchObject({ ok: true });
  });

  it('is not known to another user', async () => {
    const { port } = await startGateway(undefined, freshHome().options);
    const health = await run(['health', '--port', port], freshHome().options);
    expect(health).toMatchObject({ code: 77, stdout: '' });
    expect(health.stderr).toMatch(
      /^the gateway on ws:\S+ asks for a token; pass it with --token or OPENCLAW_GATEWAY_TOKEN\n$/,
    );
  });

  it('is made by one of two gateways that start at once, since only one has the profile', async () => {
    const { options, file } = freshHome();
    const starts = [startGateway(undefined, options), startGateway(undefined, options)];
    const { url } = await Promise.any(starts);
    const token = readFileSync(file, 'utf8').trim();
    expect((await Operator.open(url, { token })).hello.protocol).toBe(4);
    expect((await Promise.allSettled(starts)).map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('is kept where OPENCLAW_STATE_DIR says', async () => {
    const { options, folder } = freshHome();
    const state = join(tempFolder(), 'state');
    const env = { ...options.env, OPENCLAW_STATE_DIR: state };
    await startGateway(undefined, { env });
    expect(existsSync(join(state, 'gateway.token'))).toBe(true);
    expect(existsSync(folder)).toBe(false);
  });

  it('is not made by a start that is refused the port', async () => {
    const { port } = await startGateway();
    const { options, folder } = freshHome();
    expect(await run(['--port', port], options)).toMatchObject({ code: 78 });
    expect(existsSync(folder)).toBe(false);
  });

  it('is not made by commands that only ask', async () => {
    const { port } = await startGateway();
    const { options, folder } = freshHome();
    for (const command of ['health', 'status', 'stop']) await run([command, '--port', port], options);
    expect(existsSync(folder)).toBe(false);
  });

  it('is not made where one was given', async () => {
    const { options, file } = freshHome();
    await startGateway(undefined, { env: { ...options.env, OPENCLAW_GATEWAY_TOKEN: TOKEN } });
    expect(existsSync(file)).toBe(false);
  });
});

describe('a token file that holds no token', () => {
  const put = (write: (home: Home) => void) => (): Home => {
    const home = freshHome();
    write(home);
    return home;
  };
  const inFolder = (write: (file: string) => void): (() => Home) =>
    put(({ folder, file }) => {
      mkdirSync(folder);
      write(file);
    });

  const delete_ = /^\S+gateway\.token (is empty|does not hold a token): .*or delete the file and a new one is made\n$/;
  const noFolder =
    /^the state folder "\S+" cannot be made or used \(EEXIST: [^)]+\): fix it, or choose another one .*\n$/;
  const mend = /^\S+gateway\.token: the token cannot be read \(E[A-Z]+\): fix the file, or give a token\n$/;

  it.each([
    ['an empty file', delete_, inFolder((file) => writeFileSync(file, ''))],
    ['garbage', delete_, inFolder((file) => writeFileSync(file, `${SECRET}\0\n\x1b[2J`))],
    ['a folder', mend, inFolder((file) => mkdirSync(file))],
    ['a folder that is a file', noFolder, put(({ folder }) => writeFileSync(folder, ''))],
  ])('(%s) ends a start in one line with a way out, and frees the port', async (_what, line, prepare) => {
    const { options } = prepare();
    const port = await freePort();
    const { code, stdout, stderr } = await run(['--port', port], options);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(trouble(stderr)).toMatch(line);
    expect(stderr).not.toContain(SECRET);
    expect(await isFree(port)).toBe(true);
  });

  it('that could not be written, in a folder that is read-only, does so too', async () => {
    const { options, folder } = freshHome();
    mkdirSync(folder);
    chmodSync(folder, 0o500);
    const port = await freePort();
    // Root may write anywhere, unless it gives up that capability (capabilities(7)) first.
    const unprivileged = process.getuid?.() === 0 ? ['--bounding-set=-dac_override'] : [];
    const args = [...unprivileged, process.execPath, BIN, 'gateway', '--port', String(port)];

    const { code, stdout, stderr } = await end(Program.start('setpriv', args, options));

    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toMatch(
      /^the state folder "\S+" cannot be made or used \(EACCES: permission denied\): fix it, or choose another one with OPENCLAW_STATE_DIR\n$/,
    );
    expect(await isFree(port)).toBe(true);
  });

  it('stops no command that is given a token', async () => {
    const { port } = await startGateway();
    const { options } = inFolder((file) => writeFileSync(file, ''))();
    expect(await run(['health', '--port', port, '--token', TOKEN], options)).toMatchObject({ code: 0, stderr: '' });
    expect(await run(['health', '--port', port], options)).toMatchObject({ code: 64, stdout: '' });
  });
});

describe('a token that was given', () => {
  it('by the flag goes before the variable, and that before the file', async () => {
    const { options, folder, file } = freshHome();
    mkdirSync(folder);
    writeFileSync(file, 'token-of-the-file');
    const env = { ...options.env, OPENCLAW_GATEWAY_TOKEN: 'token-of-the-variable' };
    const tokens = ['token-of-the-flag', 'token-of-the-variable', 'token-of-the-file'];
    const starts: [string[], StartOptions][] = [
      [['--token', 'token-of-the-flag'], { env }],
      [[], { env }],
      [[], options],
    ];

    // One after the other: they are of one profile.
    for (const [index, [flags, start]] of starts.entries()) {
      const port = await freePort();
      const program = Program.node(BIN, ['gateway', '--port', port, ...flags], start);
      await program.output('stdout', /^gateway listening/m);
      for (const token of tokens) {
        const answer = await knock(await Client.open(`ws://127.0.0.1:${port}`), { auth: { token } });
        expect([token, answer.ok]).toEqual([token, token === tokens[index]]);
      }
      program.signal('SIGKILL');
      await program.exit();
    }
  });

  it.each(BAD_TOKENS)('that is no token (%j) is refused in one line that does not show it', async (token) => {
    const port = await freePort();
    const env = { OPENCLAW_GATEWAY_TOKEN: token };
    const what = token === '' ? 'is empty' : 'does not hold a token';
    const byFlag = { code: 64, stdout: '', stderr: `--token ${what}: ${RULE}\n` };
    const byVariable = { code: 64, stdout: '', stderr: `OPENCLAW_GATEWAY_TOKEN ${what}: ${RULE}\n` };

    expect(await run(['--port', port, `--token=${token}`])).toEqual(byFlag);
    expect(await run(['--port', port], { env })).toEqual(byVariable);
    expect(await run(['health', '--port', port, `--token=${token}`])).toEqual(byFlag);
    expect(await isFree(port)).toBe(true);
  });

  it.each(['stop', 'restart'])('that is no token keeps %s from falling back to a signal', async (command) => {
    const { program, port } = await startGateway();
    const { code, stderr } = await run([command, '--port', port, '--token=shh']);
    expect({ code, stderr }).toEqual({ code: 64, stderr: `--token does not hold a token: ${RULE}\n` });
    expect(program.signal('SIGCONT')).toBe(true);
  });
});

describe('a bind that others can reach', () => {
  it.each(['0.0.0.0', '::', '192.0.2.1'])(
    'of %s needs a token of the user, and binds nothing without',
    async (host) => {
      const { options, folder } = freshHome();
      const port = await freePort();
      const { code, stdout, stderr } = await run(['--port', port, '--host', host], options);
      expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
      expect(stderr).toMatch(
        /^refusing to bind \S+ without auth: .*give a token of your own with --token or OPENCLAW_\w+\n$/,
      );
      expect(stderr).toContain(`bind ${host} without`);
      expect(existsSync(folder)).toBe(false);
      expect(await isFree(port)).toBe(true);
    },
  );

  it('is refused in one line also where nothing is bound ahead of the app', async () => {
    const { options } = freshHome();

    const { code, stderr } = await run(['--port', await freePort(), '--host', '0.0.0.0', '--standby'], options);

    expect(stderr).toMatch(/^refusing to bind 0\.0\.0\.0 without auth: .*\n$/);
    expect(code).toBe(64);
  });

  it('serves with one', async () => {
    const { options } = freshHome();
    const port = await freePort();
    const program = Program.node(BIN, ['gateway', '--port', port, '--host', '0.0.0.0', '--token', TOKEN], options);
    await program.output('stdout', /^gateway listening/m);
    expect(await (await Operator.open(`ws://127.0.0.1:${port}`)).call('health')).toMatchObject({ ok: true });
  });

  it('is no such one for any address of 127.0.0.0/8', async () => {
    const { options } = freshHome();
    const port = await freePort();
    const program = Program.node(BIN, ['gateway', '--port', port, '--host', '127.0.0.2'], options);
    await program.output('stdout', /^gateway listening/m);
  });
});

describe('--allow-host and --allow-origin', () => {
  it('admit the clients that they name', async () => {
    const port = await freePort();
    const flags = ['--allow-host', 'gateway.example', '--allow-host', 'proxy.example:8443'];
    const origins = ['--allow-origin', 'https://app.example', '--allow-origin', 'https://other.example'];
    const program = Program.node(BIN, ['gateway', '--port', port, ...flags, ...origins]);
    await program.output('stdout', /^gateway listening/m);
    const named = { headers: { Host: 'proxy.example:8443' }, origin: 'https://other.example' };
    const operator = await Operator.open(`ws://127.0.0.1:${port}`, named);
    expect(await operator.call('health')).toMatchObject({ ok: true });
  });

  it.each([
    ['--allow-host', '', 'host'],
    ['--allow-host', '*', 'host'],
    ['--allow-host', 'http://gateway.example', 'host'],
    ['--allow-origin', '', 'origin'],
    ['--allow-origin', 'null', 'origin'],
    ['--allow-origin', 'https://app.example/', 'origin'],
  ])('refuse %s=%s in one line that names it, and bind nothing', async (flag, value, kind) => {
    const port = await freePort();
    const { code, stdout, stderr } = await run(['--port', port, `${flag}=${value}`]);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr.split('\n')).toEqual([
      expect.stringContaining(`${JSON.stringify(value)} is not an allowed ${kind}: `),
      '',
    ]);
    expect(await isFree(port)).toBe(true);
  });
});

describe('the token of a gateway', () => {
  it('is nowhere in what it writes, answers or shows', async () => {
    const port = await freePort();
    const program = Program.node(BIN, ['gateway', '--port', port, '--token', SECRET, '--verbose']);
    await program.output('stdout', /^gateway listening/m);
    const url = `ws://127.0.0.1:${port}`;
    const shown: string[] = [];

    const wrong = await knock(await Client.open(url), { auth: { token: `${SECRET}-almost` } });
    const operator = await Operator.open(url, { token: SECRET });
    shown.push(JSON.stringify([wrong, operator.hello]));
    for (const method of ['health', 'status', 'system-presence', 'config.get', 'gateway.identity', 'nothing']) {
      shown.push(JSON.stringify(await operator.call(method, { token: 'x' })));
    }
    const headers = { Authorization: `Bearer ${SECRET}` };
    for (const path of ['/', '/metrics', '/healthz', '/readyz', '/.well-known/gateway']) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
      shown.push(await answer.text(), JSON.stringify([...answer.headers]));
    }
    const processes = spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(program.pid)], { encoding: 'utf8' });
    const call = await run(['health', '--port', port, '--token', `${SECRET}-almost`]);
    program.signal('SIGTERM');
    await program.exit();

    shown.push(processes.stdout, call.stdout, call.stderr, program.stdout, program.stderr);
    expect(program.stderr).toContain('token mismatch');
    expect(processes.stdout).not.toBe('');
    expect(shown.join('\n')).not.toContain(SECRET);
  });
});
