import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';

import { httpAnswer } from '../../holder/cards.js';
import { sharedByTests } from '../../kit/cleaner.js';
import { startGateway } from '../../kit/gateway.js';
import { portOf, stranger } from '../../kit/net.js';
import { decided, openclaw, openclawWithoutToken, parse } from '../../kit/openclaw.js';
import { freePort } from '../../kit/ports.js';
import { CHALLENGE, httpServer, otherWebSocket } from './strangers.js';

/** For a gateway that is none of this user's: it shows no card, and gets the token that is meant for it. */
const urlOf = (port: number): string => `ws://127.0.0.1:${port}`;

describe('gateway health', () => {
  const running = sharedByTests(() => startGateway());

  it('prints how the gateway is', async () => {
    const { port } = running();
    const { code, stdout, stderr } = await openclaw('health', '--port', port);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(parse(stdout)).toMatchObject({ ok: true, clients: 1 });
  });

  it('ends with 3 where no process listens', async () => {
    const port = await freePort();
    expect(await openclaw('health', '--port', port)).toEqual({
      code: 3,
      stdout: '',
      stderr: `no gateway is running on ws://127.0.0.1:${port}: start it with openclaw gateway start --port ${port}\n`,
    });
    const { code, stdout } = await openclaw('health', '--json', '--port', port);
    expect([code, parse(stdout)]).toMatchObject([3, { ok: false, failure: 'unreachable', error: null, exitCode: 3 }]);
  });

  it.each([
    ['a wrong token', '--token', 'a-wrong-guess'],
    ['no token', '--json', '--json'],
  ])('ends with 77 with %s', async (_what, ...flags) => {
    const { port } = running();
    const { code, stdout, stderr } = await openclawWithoutToken('health', '--port', port, ...new Set(flags));
    expect(code).toBe(77);
    expect(stdout + stderr).toMatch(/ (rejected the|asks for a) token; pass /);
    expect(stdout + stderr).not.toContain('a-wrong-guess');
  });

  it.each([
    ['answers with a page', () => httpServer(200)],
    ['answers that it is elsewhere', () => httpServer(302)],
    ['answers that there is no such thing', () => httpServer(404)],
    ['hangs up', async () => portOf(await stranger({}, (socket) => socket.destroy()))],
    ['says something else', async () => portOf(await stranger({}, (socket) => socket.end('220 ESMTP ready\r\n')))],
    ['sends noise', async () => portOf(await stranger({}, (socket) => socket.end(randomBytes(4_096))))],
  ])('ends with 69 where a stranger %s', async (_what, start) => {
    const port = await start();
    const { code, stdout, stderr } = await openclaw('health', '--port', port);
    expect({ code, stdout }).toEqual({ code: 69, stdout: '' });
    expect(stderr).toMatch(
      new RegExp(`^ws://127\\.0\\.0\\.1:${port} (answered \\d+, as|does not speak as) a gateway does.*\n$`),
    );
  });

  it.each([
    ['says nothing at all, as a frozen gateway does', async () => portOf(await stranger())],
    ['speaks WebSocket, and says nothing', () => otherWebSocket(() => undefined)],
    ['speaks WebSocket, and says something else', () => otherWebSocket((text) => `${text} "[]" null`)],
    ['challenges, and answers nothing', () => otherWebSocket((text) => (text === '' ? CHALLENGE : '{}'))],
  ])('ends with 75 when the time is over, where a peer %s', async (_what, start) => {
    const port = await start();
    const { code, stdout, stderr } = await openclaw('health', '--url', urlOf(port), '--timeout', 300);
    expect({ code, stdout }).toEqual({ code: 75, stdout: '' });
    expect(stderr).toBe(`no answer from ws://127.0.0.1:${port} within 300 ms\n`);
  });

  it.each([
    [77, 'lacks a scope', { code: 'INVALID_REQUEST', message: 'no', details: { code: 'MISSING_SCOPE' } }],
    [75, 'may try again', { code: 'UNAVAILABLE', message: 'no', retryable: true }],
    [1, 'cannot have it', { code: 'UNAVAILABLE', message: 'no' }],
  ])('ends with %i where it is told that it %s', async (exitCode, _what, error) => {
    const port = await otherWebSocket((text) => {
      if (text === '') return CHALLENGE;
      const { id, method } = JSON.parse(text) as { id: string; method: string };
      const isIn = method === 'connect';
      return JSON.stringify({ type: 'res', id, ok: isIn, ...(isIn ? { payload: {} } : { error }) });
    });

    const { code, stdout, stderr } = await openclaw('health', '--url', urlOf(port));

    expect({ code, stdout, stderr }).toEqual({ code: exitCode, stdout: '', stderr: 'health: no\n' });
  });

  it.each([
    [
      'in the middle',
      () =>
        otherWebSocket((text, hangUp) => {
          if (text === '') return CHALLENGE;
          hangUp();
          return undefined;
        }),
      / hung up: 1000 go/,
    ],
    ['while it starts or stops', () => httpServer(503), / does not let clients in now\n$/],
  ])('ends with 75 where it is turned away %s', async (_what, start, line) => {
    const port = await start();
    const { code, stdout, stderr } = await openclaw('health', '--url', urlOf(port));
    expect({ code, stdout }).toEqual({ code: 75, stdout: '' });
    expect(stderr).toMatch(line);
  });
});

describe('a gateway behind a tunnel', () => {
  it('that knows no host with the port of the tunnel says how to be let in: 77', async () => {
    const gateway = await startGateway();
    const port = portOf(
      await stranger({}, (socket) => void socket.pipe(connect(gateway.port, '127.0.0.1')).pipe(socket)),
    );

    const { code, stderr } = await openclaw('health', '--port', port);
    const status = await decided(() => openclaw('status', '--port', port));

    const way = `start it with --allow-host 127.0.0.1:${port}`;
    expect({ code, stderr }).toEqual({
      code: 77,
      stderr: `the gateway behind ws://127.0.0.1:${port} answers 403, host not allowed: ${way}\n`,
    });
    expect(status.stdout).toContain('which answers as a gateway elsewhere would, as a tunnel does');
    expect(status.stdout).toMatch(new RegExp(`\\n {2}reach the gateway behind it +${way}\\n`));
    expect(status.code).toBe(69);
  });

  it('that is not a gateway by its own word is none: 69', async () => {
    const answer = httpAnswer('', { status: '403 Forbidden', headers: 'X-Refusal: go away\r\n' });
    const port = portOf(await stranger({}, (socket) => socket.on('data', () => socket.write(answer))));

    const { code, stderr } = await openclaw('health', '--port', port);

    expect({ code, stderr }).toEqual({
      code: 69,
      stderr: `ws://127.0.0.1:${port} answered 403, as a gateway does not; the token of this user is not shown to ws://127.0.0.1:${port}\n`,
    });
  });
});

describe('a process that is no gateway of ours', () => {
  const EVIL = '\u001b]0;title\u0007\u001b[2Jall is well\r\n\u009b31m\u202e';
  const SEEN = '\ufffd]0;title\ufffd\ufffd[2Jall is well\ufffd\ufffd\ufffd31m\ufffd';
  const hangUpAtOnce = (_text: string, hangUp: () => void): undefined => {
    hangUp();
  };
  const answering = (outcome: object): Promise<number> =>
    otherWebSocket((text) => {
      if (text === '') return CHALLENGE;
      return JSON.stringify({ type: 'res', id: (JSON.parse(text) as { id: string }).id, ...outcome });
    });

  it.each([
    ['with an error', () => answering({ ok: false, error: { message: EVIL } }), 1],
    ['when it hangs up', () => otherWebSocket(hangUpAtOnce, EVIL), 75],
  ])('cannot make a terminal show something else %s', async (_what, start, expected) => {
    const port = await start();
    const { code, stdout, stderr } = await openclaw('health', '--url', urlOf(port));
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toMatch(/^the gateway on [^\p{C}]+\n$/u);
    expect(stderr).toContain(SEEN);
  });

  it.each([{ a: 1 }, 5, null])('and gives %j for a reason has given none', async (message) => {
    const port = await answering({ ok: false, error: { message } });
    const { code, stderr } = await openclaw('health', '--url', urlOf(port));
    expect(code).toBe(1);
    expect(stderr).toMatch(/ rejected this client: it does not say why\n$/);
  });

  it.each([[[]], [['--json']]])('cannot do so with what it answers, which stays the same value, %j', async (flags) => {
    const payload = { [EVIL]: `${EVIL}\u2028\u{e0041}` };
    const port = await answering({ ok: true, payload });
    const { code, stdout } = await openclaw('health', '--url', urlOf(port), ...flags);
    expect(code).toBe(0);
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}]/u);
    expect(parse(stdout)).toEqual(flags.length === 0 ? payload : { ok: true, payload });
  });

  it('and answers without a payload has answered with null', async () => {
    const port = await answering({ ok: true });
    expect(await openclaw('health', '--url', urlOf(port))).toEqual({ code: 0, stdout: 'null\n', stderr: '' });
  });
});
