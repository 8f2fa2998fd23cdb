import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { GatewayCard } from '../../src/listener/holder.js';
import { cardOf as cardOn, call, launchFolder } from '../kit/launched.js';
import { parse } from '../kit/openclaw.js';
import { asOtherUser, NO_OTHER_USER, OTHER_UID } from '../kit/other-user.js';
import { freePort } from '../kit/ports.js';
import { serveOn, socketOf } from '../kit/profile.js';
import { fixture, Program } from '../kit/program.js';
import { tempFolder } from '../kit/temp.js';
import { TOKEN } from '../kit/token.js';
import { cardOf } from './cards.js';

/** Has the lock of a folder, and shows a card with its own pid. */
const SQUATTER = `
  const [socketPath, card] = process.argv.slice(1);
  require('node:http')
    .createServer((request, response) => response.end(JSON.stringify({ ...JSON.parse(card), pid: process.pid })))
    .listen(Buffer.from(socketPath, 'hex').toString(), () => console.log('listening'));
`;

/** Prints in hexadecimal all that it hears, and answers as it is told. */
const LISTENER = `
  const [port, answer] = process.argv.slice(1);
  const server = require('node:net').createServer((socket) => {
    socket.on('error', () => undefined).on('data', (data) => {
      console.log('heard ' + data.toString('hex'));
      if (answer) socket.write(answer);
    });
  });
  server.listen(Number(port), '127.0.0.1', () => console.log('port ' + server.address().port));
`;

async function squatOn(folder: string, card: GatewayCard): Promise<Program> {
  const squatter = asOtherUser(SQUATTER, [Buffer.from(socketOf(folder)).toString('hex'), JSON.stringify(card)]);
  await squatter.output('stdout', /^listening$/m);
  return squatter;
}

function heardBy({ stdout }: Program): string {
  const hex = Array.from(stdout.matchAll(/^heard (\w*)$/gm), ([, bytes = '']) => bytes).join('');
  return Buffer.from(hex, 'hex').toString('latin1');
}

const ELSEWHERE = 'ws://203.0.113.9:443';
const twoUsers = NO_OTHER_USER === '' ? describe : describe.skip;

twoUsers(`another user with the lock of a profile${NO_OTHER_USER}`, () => {
  async function folderOf(history: string): Promise<string> {
    const folder = launchFolder();
    if (history === 'a folder that a gateway has used') {
      const { program } = await serveOn(folder);
      program.signal('SIGTERM');
      await program.exit();
    }
    return folder;
  }

  const histories = ['a new folder', 'a folder that a gateway has used'];

  it.each(histories)('is believed nothing in %s when its card names another machine', async (history) => {
    const [folder, port] = [await folderOf(history), await freePort()];
    await squatOn(folder, cardOf({ url: ELSEWHERE }));

    const start = await call(folder, ['start', '--json', '--port', port]);
    const ensure = await call(folder, ['--ensure', '--json', '--port', port]);
    const status = await call(folder, ['status', '--json']);
    const refused = await call(folder, ['--port', port]);
    const doctor = await call(folder, ['doctor', '--port', port]);

    expect(parse(start.stdout)).toMatchObject({ ok: false });
    expect(parse(ensure.stdout)).toMatchObject({ ok: false });
    expect([start.code, ensure.code]).not.toContain(0);
    expect(status.stdout).not.toContain('203.0.113.9');
    expect(refused.stderr).toMatch(
      /^another gateway instance is already using profile default \(unknown address\)\n {2}profile default is in use by another program/,
    );
    expect(refused.stderr).not.toMatch(/203\.0\.113\.9|443| stop /);
    expect(doctor.stdout).toContain(`the lock of ${folder} is in use by another program`);
    expect([refused.code, doctor.code]).toEqual([69, 1]);
  });

  it.each(histories)('stops no other gateway of this user from %s', async (history) => {
    const folder = await folderOf(history);
    const other = await serveOn(tempFolder());
    const card = await cardOn(other.port);
    await squatOn(folder, { ...card, profile: 'other' });

    await call(folder, ['stop'], { OPENCLAW_PROFILE: undefined });
    await call(folder, ['start', '--json']);

    expect((await cardOn(other.port)).instanceId).toBe(card.instanceId);
  });
});

twoUsers(`a token${NO_OTHER_USER}`, () => {
  const given: readonly (readonly [string, readonly string[], NodeJS.ProcessEnv])[] = [
    ['the flag', ['--token', TOKEN], { OPENCLAW_GATEWAY_TOKEN: undefined }],
    ['the variable', [], { OPENCLAW_GATEWAY_TOKEN: TOKEN }],
  ];

  it.each(given)("of %s is shown to no other user's process", async (_source, flags, env) => {
    const thief = Program.node(fixture('token-thief'), [OTHER_UID]);
    const [, port = ''] = await thief.output('stdout', /^port (\d+)$/m);

    const { code, stderr } = await call(tempFolder(), ['health', '--port', port, ...flags], env);

    expect([code, thief.stdout]).toEqual([69, `port ${port}\n`]);
    expect(stderr).toContain(`the token of this user is not shown to ws://127.0.0.1:${port}`);
  });

  it("that this user does not have is no reason to believe another user's process", async () => {
    const thief = Program.node(fixture('token-thief'), [OTHER_UID]);
    const [, port = ''] = await thief.output('stdout', /^port (\d+)$/m);

    const { code, stderr } = await call(tempFolder(), ['health', '--port', port], {
      OPENCLAW_GATEWAY_TOKEN: undefined,
    });

    expect([code, thief.stdout]).toEqual([69, `port ${port}\n`]);
    expect(stderr).toContain(`no answer is taken from ws://127.0.0.1:${port}, which is another user's`);
  });

  it.each(given)('of %s is shown to what --url names', async (_source, flags, env) => {
    const thief = Program.node(fixture('token-thief'), [OTHER_UID]);
    const [, port = ''] = await thief.output('stdout', /^port (\d+)$/m);

    await call(tempFolder(), ['health', '--url', `ws://127.0.0.1:${port}`, '--timeout', '1000', ...flags], env);

    await thief.output('stdout', new RegExp(TOKEN));
  });

  it('reaches no byte of a listener of another user, whatever it answers', async () => {
    const card = JSON.stringify(cardOf());
    const answers = [
      '',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      `HTTP/1.1 200 OK\r\nContent-Length: ${card.length}\r\n\r\n${card}`,
      `HTTP/1.1 200 OK\r\nContent-Length: ${card.length}\r\nX-OpenClaw-Proof: ${'x'.repeat(43)}\r\n\r\n${card}`,
    ];
    for (const answer of answers) {
      const listener = asOtherUser(LISTENER, [0, answer]);
      const [, port = ''] = await listener.output('stdout', /^port (\d+)$/m);
      const folder = tempFolder();
      writeFileSync(join(folder, 'gateway.token'), TOKEN, { mode: 0o600 });
      for (const env of [{}, { OPENCLAW_GATEWAY_TOKEN: undefined }]) {
        const { code } = await call(folder, ['health', '--port', port, '--timeout', '1500'], env);
        expect(code).not.toBe(0);
      }
      expect(heardBy(listener)).toContain('GET /.well-known/gateway');
      expect(heardBy(listener)).not.toContain(TOKEN);
    }
  });
});

describe('a port where no process listens', () => {
  /** Says which ports this process connects to. */
  const CONNECTIONS = `
    const { Socket } = require('node:net');
    const { connect } = Socket.prototype;
    Socket.prototype.connect = function (...args) {
      const [{ port } = {}] = Array.isArray(args[0]) ? args[0] : args;
      if (port) process.stderr.write('connects to ' + port + '\\n');
      return connect.apply(this, args);
    };
  `;

  it('is asked once, since another process may listen there a moment later: 3', async () => {
    const [folder, port] = [tempFolder(), await freePort()];
    const hook = join(folder, 'hook.cjs');
    writeFileSync(hook, CONNECTIONS);

    const { code, stderr } = await call(folder, ['health', '--port', port], { NODE_OPTIONS: `--require=${hook}` });

    expect([code, stderr]).toEqual([3, expect.stringContaining(`connects to ${port}\n`)]);
    expect(stderr.match(/^connects to/gm)).toHaveLength(1);
  });
});

twoUsers.each([
  ['another user that a process of this one', OTHER_UID, 0],
  ['this user that a process of another one', 0, OTHER_UID],
])(`a listener of %s has inherited${NO_OTHER_USER}`, (_whose, maker, heirUid) => {
  /**
   * As a program that changes its user has it, with the title of a gateway. It challenges a client, and takes the mask off
   * the frame that it gets (RFC 6455, 5.3).
   */
  const HEIR = `
    const [maker, heir] = process.argv.slice(1).map(Number);
    const http = require('node:http');
    const server = http.createServer((request, response) => {
      const card = { service: 'openclaw-gateway', pid: process.pid, profile: 'default', version: '1.2.3', phase: 'ready' };
      const url = 'ws://127.0.0.1:' + server.address().port;
      const instanceId = '01234567-89ab-4cde-8f01-23456789abcd';
      response.end(JSON.stringify({ ...card, startedAt: Date.now(), url, instanceId }));
    });
    server.on('connection', (socket) => socket.on('data', (data) => console.log('heard ' + data.toString('hex'))));
    server.on('upgrade', ({ headers }, socket) => {
      const key = headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
      const accept = require('node:crypto').createHash('sha1').update(key).digest('base64');
      const challenge = Buffer.from('{"type":"event","event":"connect.challenge","payload":{"nonce":"n","ts":0}}');
      socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n');
      socket.write('Sec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n');
      socket.write(Buffer.concat([Buffer.from([0x81, challenge.length]), challenge]));
      socket.on('error', () => undefined).on('data', (data) => {
        const at = (data[1] & 0x7f) === 126 ? 4 : 2;
        const text = data.subarray(at + 4).map((byte, index) => byte ^ data[at + (index % 4)]);
        console.log('heard ' + Buffer.from(text).toString('hex'));
      });
    });
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => console.log('signalled'));
    process.seteuid(maker);
    server.listen(0, '127.0.0.1', () => {
      process.seteuid(0);
      process.seteuid(heir);
      process.title = 'openclaw-gateway';
      console.log('port ' + server.address().port);
    });
  `;

  it.each([['health'], ['stop'], ['--force=kill'], ['status', '--deep']])(
    'is shown no token and gets no signal from %s',
    async (...command) => {
      const heir = Program.start(process.execPath, ['--eval', HEIR, '--', String(maker), String(heirUid)]);
      const [, port = ''] = await heir.output('stdout', /^port (\d+)$/m);

      const { code } = await call(tempFolder(), [...command, '--port', port]);

      expect(heardBy(heir)).not.toContain(TOKEN);
      expect(heir.stdout).not.toContain('signalled');
      expect(heir.signal('SIGCONT')).toBe(true);
      expect(code).not.toBe(0);
    },
  );
});
