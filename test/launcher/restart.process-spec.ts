import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { startGateway } from '../kit/gateway.js';
import { call, cardOf, gone, launchFolder, processesIn, start } from '../kit/launched.js';
import { trouble } from '../kit/log.js';
import { Operator } from '../kit/operator.js';
import { parse } from '../kit/openclaw.js';
import { freePort } from '../kit/ports.js';
import { BIN, Program } from '../kit/program.js';
import { proven } from '../kit/proven.js';
import { canStartAnew } from '../kit/start-anew.js';
import { tempFolder } from '../kit/temp.js';
import { TOKEN } from '../kit/token.js';

const AT_ONCE = 10;
/** Runs a command several times at once, and prints what each says on a line of its own. */
const MANY = `for i in $(seq "$0"); do (text=$("$@"); printf '%s\\nended with %s\\n' "$text" $?) & done; wait`;
/** Ten processes of Node at once, on two cores that others use too, in milliseconds. */
const START_DEADLINE_MS = 90_000;

jest.setTimeout(180_000);

const inPlace = canStartAnew ? it : it.skip;
const notInPlace = canStartAnew ? it.skip : it;

const startsIn = (folder: string): number =>
  readFileSync(join(folder, 'gateway.log'), 'utf8').match(/"message":"ready: gateway listening/g)?.length ?? 0;

describe('restart, of a gateway in the background', () => {
  it('stops it and starts it with the same flags, and clients hear for how long', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const { pid, url } = await start(folder, port, '--allow-host', 'gateway.test');
    const client = await Operator.open(url);

    const { code, stdout, stderr } = await call(folder, ['restart']);

    const card = await cardOf(port);
    expect([code, stdout, stderr]).toEqual([0, `gateway restarted on ${url}: pid ${card.pid}\n`, '']);
    expect(card.pid).not.toBe(pid);
    expect(processesIn(folder)).toEqual([card.pid]);
    expect((await client.event('shutdown')).payload).toEqual({
      reason: 'openclaw gateway restart',
      restartExpectedMs: 5_000,
    });
    expect((await client.close()).code).toBe(1012);
    const allowed = await Operator.open(url, { headers: { Host: `gateway.test:${port}` } });
    expect(await allowed.call('health')).toMatchObject({ ok: true });
  });

  it('keeps the token that only the gateway was given', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const token = 'a-token-that-is-secret';
    await start(folder, port, '--token', token);

    const { code, stdout } = await call(folder, ['restart', '--json'], { OPENCLAW_GATEWAY_TOKEN: undefined });

    const { pid, url } = await cardOf(port);
    expect(code).toBe(0);
    expect(parse(stdout)).toEqual({ ok: true, pid, url, logFile: join(folder, 'gateway.log'), exitCode: 0 });
    expect(await (await Operator.open(url, { token })).call('health')).toMatchObject({ ok: true });
  });

  it(`${AT_ONCE} at once give one restart`, async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const { pid } = await start(folder, port);

    // A shell forks sooner than this process: a restart that is asked for when the first is over is another one.
    const restarts = Program.start('sh', ['-c', MANY, String(AT_ONCE), process.execPath, BIN, 'gateway', 'restart'], {
      env: { OPENCLAW_STATE_DIR: folder, OPENCLAW_GATEWAY_TOKEN: TOKEN },
    });
    await restarts.exit(START_DEADLINE_MS);

    const card = await cardOf(port);
    const line = `gateway restarted on ${card.url}: pid ${card.pid}\n`;
    expect([restarts.stdout, restarts.stderr]).toEqual([`${line}ended with 0\n`.repeat(AT_ONCE), '']);
    expect(card.pid).not.toBe(pid);
    expect(startsIn(folder)).toBe(2);
    proven(`${AT_ONCE} restarts at once: 1 restart`);
  });

  inPlace('may be asked for over the port: the same process goes on with the same log', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const { pid, url } = await start(folder, port);
    const before = await cardOf(port);
    const client = await Operator.open(url);

    expect((await client.call('gateway.restart.request', { reason: 'an update' })).payload).toMatchObject({ ok: true });
    await client.close();
    const { code } = await call(folder, ['start', '--port', port]);

    const after = await cardOf(port);
    expect([code, after.pid, processesIn(folder)]).toEqual([0, pid, [pid]]);
    expect(after.instanceId).not.toBe(before.instanceId);
    expect(startsIn(folder)).toBe(2);
    expect((await call(folder, ['stop'])).code).toBe(0);
    await gone(pid);
  });
});

describe('restart, of a gateway in the foreground', () => {
  inPlace('has it start anew in its place, with the same arguments', async () => {
    const env = { OPENCLAW_STATE_DIR: tempFolder() };
    const port = await freePort();
    const program = Program.node(BIN, ['gateway', '--port', port, '--allow-host', 'gateway.test'], { env });
    await program.output('stdout', /^gateway listening on/m);
    const client = await Operator.open(`ws://127.0.0.1:${port}`);

    const restart = Program.node(BIN, ['gateway', 'restart'], { env });

    expect((await restart.exit()).code).toBe(0);
    expect(restart.stdout).toBe(`gateway restarted on ws://127.0.0.1:${port}: pid ${program.pid}\n`);
    expect((await client.event('shutdown')).payload).toEqual({
      reason: 'openclaw gateway restart',
      restartExpectedMs: expect.any(Number) as number,
    });
    await program.output('stdout', /(?:^gateway listening on[^]*){2}/m);
    const allowed = await Operator.open(`ws://127.0.0.1:${port}`, { headers: { Host: `gateway.test:${port}` } });
    expect(await allowed.call('health')).toMatchObject({ ok: true });
    program.signal('SIGTERM');
    expect(await program.exit()).toEqual({ code: 0, signal: null });
  });

  inPlace(`${AT_ONCE} at once give one restart`, async () => {
    const env = { OPENCLAW_STATE_DIR: tempFolder() };
    const port = await freePort();
    const program = Program.node(BIN, ['gateway', '--port', port], { env });
    await program.output('stdout', /^gateway listening on/m);
    const client = await Operator.open(`ws://127.0.0.1:${port}`);

    // The restart that the first request has begun may close the connection before the last one is read.
    const restarts = (error: Error): string => {
      if (!error.message.startsWith('closed with 1012 ')) throw error;
      return 'coalesced';
    };
    const ask = (): Promise<string> =>
      client
        .call('gateway.restart.request', { reason: 'all at once' })
        .then(({ payload }) => (payload as { status: string }).status, restarts);

    expect((await Promise.all(Array.from({ length: AT_ONCE }, ask))).sort()).toEqual([
      ...Array<string>(AT_ONCE - 1).fill('coalesced'),
      'scheduled',
    ]);
    await program.output('stdout', /gateway listening on[^]*gateway listening on/);
    expect(trouble(program.stderr)).toBe('');
  });

  notInPlace('cannot be asked for over the port on this version of Node, which the gateway says', async () => {
    const { url, program } = await startGateway();
    const operator = await Operator.open(url);

    expect((await operator.call('gateway.restart.request')).error).toEqual({
      code: 'UNAVAILABLE',
      message: `this gateway cannot restart itself: Node ${process.version} cannot replace the program of a process (22.15 and newer can)`,
      details: { code: 'CANNOT_RESTART' },
    });
    // The answer can come before the line.
    await program.output('stderr', /asks for a restart: an operator asked for it"/);
    expect(await operator.call('health')).toMatchObject({ ok: true });
  });
});
