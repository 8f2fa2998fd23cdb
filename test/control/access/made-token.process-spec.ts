import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { WebSocketServer } from 'ws';

import { onCleanUp } from '../../kit/cleaner.js';
import { startGateway } from '../../kit/gateway.js';
import { trouble } from '../../kit/log.js';
import { portOf, stranger } from '../../kit/net.js';
import { Operator } from '../../kit/operator.js';
import { NO_OTHER_USER, OTHER_UID } from '../../kit/other-user.js';
import { freePort, isFree } from '../../kit/ports.js';
import { BIN, fixture, Program } from '../../kit/program.js';
import { tempFolder } from '../../kit/temp.js';
import { TOKEN } from '../../kit/token.js';
import { freshHome, run, SECRET, type FreshHome } from './fresh-home.js';

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

  (NO_OTHER_USER === '' ? it : it.skip).each(['health', 'status --deep', 'stop', 'restart'])(
    `is not shown by %j to a process of another user that shows a card${NO_OTHER_USER}`,
    async (command) => {
      const { options, folder, file } = freshHome();
      mkdirSync(folder);
      writeFileSync(file, SECRET);
      const thief = Program.node(fixture('token-thief'), [OTHER_UID]);
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
  const put = (write: (home: FreshHome) => void) => (): FreshHome => {
    const home = freshHome();
    write(home);
    return home;
  };
  const inFolder = (write: (file: string) => void): (() => FreshHome) =>
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

    const { code, stdout, stderr } = await Program.start('setpriv', args, options).result();

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
