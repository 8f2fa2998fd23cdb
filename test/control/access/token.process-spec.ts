import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';

import { startGateway } from '../../kit/gateway.js';
import { Client } from '../../kit/net.js';
import { knock, Operator } from '../../kit/operator.js';
import { freePort, isFree } from '../../kit/ports.js';
import { BIN, Program, type StartOptions } from '../../kit/program.js';
import { TOKEN } from '../../kit/token.js';
import { freshHome, run, SECRET } from './fresh-home.js';

const BAD_TOKENS = ['', 'shh', `${SECRET} `, `${SECRET}\n${SECRET}`, SECRET.repeat(50)];
const RULE = 'give 8 to 512 printable ASCII characters without spaces';

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
