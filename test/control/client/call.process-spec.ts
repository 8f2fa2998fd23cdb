import { sharedByTests } from '../../kit/cleaner.js';
import { startGateway } from '../../kit/gateway.js';
import { openclaw, openclawProcess, openclawWithoutToken, parse } from '../../kit/openclaw.js';
import { Operator } from '../../kit/operator.js';
import { TOKEN } from '../../kit/token.js';

describe('gateway call', () => {
  const running = sharedByTests(() => startGateway());

  it('prints the payload of the answer', async () => {
    const { port } = running();
    const { code, stdout, stderr } = await openclawProcess('call', 'status', '--port', port);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(parse(stdout)).toMatchObject({ phase: 'ready', clients: 1 });
    expect(stdout).toMatch(/^\{\n {2}"/);
  });

  it('prints with --json one line, for scripts', async () => {
    const { port } = running();
    const { code, stdout } = await openclaw('call', 'system-presence', '--json', '--port', port);
    expect(code).toBe(0);
    expect(stdout.match(/\n/g)).toHaveLength(1);
    expect(parse(stdout)).toMatchObject({ ok: true, payload: [{ clientId: 'cli' }] });
  });

  it('hands on its params', async () => {
    const { program, port, url } = await startGateway();
    const client = await Operator.open(url);
    const params = '{"reason":"update","restartExpectedMs":1500}';
    expect(await openclaw('call', 'gateway.shutdown', '--params', params, '--port', port)).toMatchObject({
      code: 0,
    });
    expect((await client.event('shutdown')).payload).toEqual({ reason: 'update', restartExpectedMs: 1_500 });
    expect(await client.close()).toEqual({ code: 1012, reason: 'service restart' });
    expect(await program.exit()).toEqual({ code: 0, signal: null });
  });

  it('goes where --url says, with the token that --token says', async () => {
    const { url } = await startGateway(undefined, { env: { OPENCLAW_GATEWAY_TOKEN: 'another-token' } });
    const answer = await openclawWithoutToken('call', 'health', '--url', url, '--token', 'another-token');
    expect(answer).toMatchObject({ code: 0, stderr: '' });
  });

  it('shows a --url no token that it was not given for it', async () => {
    const { code, stdout, stderr } = await openclawWithoutToken('call', 'health', '--url', 'ws://127.0.0.1:1');
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toBe('--url: give the token of that gateway too, with --token or OPENCLAW_GATEWAY_TOKEN\n');
  });

  it.each([
    ['a method that there is not', ['nothing.such'], 'nothing.such: unknown method: nothing.such\n'],
    ['an empty method', [''], ': invalid request: method is a text of 1 to 128 characters\n'],
    ['params that do not fit', ['gateway.shutdown', '--params', '{"reason":5}'], /^gateway\.shutdown: .*reason/],
  ])('ends with 1 when the gateway refuses %s', async (_what, args, line) => {
    const { port } = running();
    const { code, stdout, stderr } = await openclaw('call', ...args, '--port', port);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    if (typeof line === 'string') expect(stderr).toBe(line);
    else expect(stderr).toMatch(line);
    expect(stderr.match(/\n/g)).toHaveLength(1);
  });

  it('reports with --json what the gateway said', async () => {
    const { port } = running();
    const { code, stdout, stderr } = await openclaw('call', 'nothing.such', '--json', '--port', port);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(parse(stdout)).toMatchObject({
      ok: false,
      failure: 'refused',
      error: { code: 'INVALID_REQUEST', message: 'unknown method: nothing.such' },
      exitCode: 1,
    });
  });

  it.each(['', '{', '[]', 'null', '5', '"text"', '{"a":1} x'])('refuses the params %j', async (params) => {
    const { code, stdout, stderr } = await openclaw('call', 'health', `--params=${params}`);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toBe(
      `--params: ${JSON.stringify(params)} is not a JSON object; give one such as '{"reason":"update"}'\n`,
    );
  });

  it.each(['', 'nonsense', 'http://127.0.0.1:1', '127.0.0.1:18789', 'ws://', 'ws://127.0.0.1:1/#part'])(
    'refuses the URL %j',
    async (url) => {
      const { code, stdout, stderr } = await openclaw('call', 'health', `--url=${url}`);
      expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
      expect(stderr).toBe(
        `--url: ${JSON.stringify(url)} is not the URL of a gateway; give one such as ws://127.0.0.1:18789\n`,
      );
    },
  );

  it.each(['', '0', '-1', '1.5', '1e3', '3600001'])('refuses the timeout %j', async (timeout) => {
    const { code, stdout, stderr } = await openclaw('call', 'health', `--timeout=${timeout}`);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toMatch(/^--timeout: .* is not a time; give milliseconds from 1 to 3600000, or leave it out\n$/);
  });

  it('needs a method, and one only', async () => {
    expect((await openclaw('call')).code).toBe(64);
    expect((await openclaw('call', 'health', 'status')).code).toBe(64);
  });
});

describe('gateway stop', () => {
  it('asks over the port where it knows the token, and clients are told who asked', async () => {
    const { program, port, url } = await startGateway();
    const client = await Operator.open(url);

    const { code, stdout } = await openclaw('stop', '--port', port);

    expect([code, stdout]).toEqual([0, `stopped; port ${port} is free\n`]);
    expect((await client.event('shutdown')).payload).toEqual({
      reason: 'openclaw gateway stop',
      restartExpectedMs: null,
    });
    expect((await client.close()).code).toBe(1001);
    expect(await program.exit()).toEqual({ code: 0, signal: null });
  });

  it.each([
    ['no token', []],
    ['a wrong one', ['--token', 'a-wrong-guess']],
  ])('asks the process where it has %s', async (_what, flags) => {
    const { program, port, url } = await startGateway();
    const client = await Operator.open(url);

    const { code, stdout } = await openclawWithoutToken('stop', '--port', port, ...flags);

    expect([code, stdout]).toEqual([0, `stopped; port ${port} is free\n`]);
    expect((await client.event('shutdown')).payload).toEqual({ reason: 'SIGTERM', restartExpectedMs: null });
    expect(await program.exit()).toEqual({ code: 0, signal: null });
  });

  it('asks with the token that --token gives', async () => {
    const { port, url } = await startGateway();
    const client = await Operator.open(url);
    expect((await openclawWithoutToken('stop', '--port', port, '--token', TOKEN)).code).toBe(0);
    expect((await client.event('shutdown')).payload).toMatchObject({ reason: 'openclaw gateway stop' });
  });
});
