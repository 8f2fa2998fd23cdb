import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { GatewayCardService } from '../../src/holder/gateway-card.service.js';
import { LaunchHistory } from '../../src/launcher/launch-history.js';
import type { LaunchError } from '../../src/launcher/launch.error.js';
import { PidGuard } from '../../src/launcher/pid-guard.js';
import {
  isLaunched,
  restartedInPlace,
  restartLaunched,
  type RestartOptions,
} from '../../src/launcher/restart-gateway.js';
import type { GatewayCard, Holder } from '../../src/listener/holder.js';
import { onCleanUp } from '../kit/cleaner.js';
import { startControl } from '../kit/control.js';
import { asOtherUser, NO_OTHER_USER } from '../kit/other-user.js';
import { freePort } from '../kit/ports.js';
import { Program } from '../kit/program.js';
import { tempFolder } from '../kit/temp.js';

const HOST = '127.0.0.1';
const EXIT_CODE = 64;

/** A restart whose new gateway refuses to start, with its flags as its reason. */
function optionsFor(stateFolder: string, port: number, more: Partial<RestartOptions> = {}): RestartOptions {
  const script = `console.log('flags', ...process.argv.slice(1), process.env.OPENCLAW_MARK); process.exit(${EXIT_CODE})`;
  return {
    address: { host: HOST, port },
    anyPort: true,
    profile: { name: 'default', stateFolder, configFile: join(stateFolder, 'openclaw.json') },
    program: 'openclaw',
    command: [process.execPath, '-e', script, '--'],
    flags: ['--of-the-call'],
    environment: { OPENCLAW_MARK: 'of the call' },
    timeoutMs: 20_000,
    signal: new AbortController().signal,
    report: () => undefined,
    warn: () => undefined,
    askedAt: Date.now(),
    ask: () => Promise.resolve(false),
    ...more,
  };
}

type Waiting = Parameters<typeof restartedInPlace>[1];

function waitFor(
  port: number,
  {
    stateFolder = tempFolder(),
    signal = new AbortController().signal,
    timeoutMs = 20_000,
  }: Partial<Waiting> & { readonly stateFolder?: string } = {},
): Waiting {
  const { address, profile } = optionsFor(stateFolder, port);
  return { address, profile, signal, timeoutMs };
}

/** As a gateway is seen before it starts anew. */
function shown(card: GatewayCard): Holder {
  return { verdict: 'ready', url: card.url, ownership: 'proven', card };
}

/** A process that was launched, as far as the history knows. */
async function launched(stateFolder: string, flags: readonly string[]): Promise<Program> {
  const program = Program.start(process.execPath, ['-e', 'console.log("there"); setInterval(() => 0, 1e6)'], {
    env: { OPENCLAW_STATE_DIR: stateFolder, OPENCLAW_MARK: 'of the gateway' },
  });
  await program.output('stdout', /there/);
  LaunchHistory.read(stateFolder).started(program.pid, Date.now(), flags);
  return program;
}

describe('whether a launcher has started the gateway', () => {
  it('is told by its process, by where it is wanted, and by a launcher at work', async () => {
    const folder = tempFolder();
    expect(isLaunched(folder, undefined)).toBe(false);

    const program = await launched(folder, ['--port=5000']);
    expect([isLaunched(folder, undefined), isLaunched(folder, 5_000), isLaunched(folder, 500)]).toEqual([
      true,
      true,
      false,
    ]);

    program.signal('SIGKILL');
    await program.exit();
    expect(isLaunched(folder, undefined)).toBe(false);

    const guard = await PidGuard.acquire(folder);
    onCleanUp(() => guard.release());
    expect(isLaunched(folder, undefined)).toBe(true);
  });
});

describe('a restart of what was launched', () => {
  it('stops the process, and starts one with its flags and variables', async () => {
    const [folder, port] = [tempFolder(), await freePort()];
    const program = await launched(folder, ['--of-the-gateway']);

    const failure = (await restartLaunched(optionsFor(folder, port)).catch((error: unknown) => error)) as LaunchError;

    expect(await program.exit()).toEqual({ code: null, signal: 'SIGTERM' });
    expect(failure).toMatchObject({
      code: 'died',
      exitCode: EXIT_CODE,
      lines: ['flags --of-the-gateway of the gateway'],
    });
    expect(PidGuard.holderOf(folder)).toBeUndefined();
  });

  it('sends no signal to a process that only may be the gateway', async () => {
    const [folder, port] = [tempFolder(), await freePort()];
    const program = await launched(folder, ['--of-the-gateway']);
    const running = { pid: program.pid, start: null, since: Date.now(), flags: [] };
    writeFileSync(join(folder, 'launcher.json'), JSON.stringify({ running, deaths: [] }), { mode: 0o600 });

    await expect(restartLaunched(optionsFor(folder, port))).rejects.toMatchObject({
      code: 'late',
      message: expect.stringContaining(`it cannot be told whether pid ${program.pid} is still the gateway`) as string,
    });
    expect(program.signal('SIGCONT')).toBe(true);
  });

  it('starts one with the flags of the call where none runs', async () => {
    const [folder, port] = [tempFolder(), await freePort()];

    await expect(restartLaunched(optionsFor(folder, port))).rejects.toMatchObject({
      lines: ['flags --of-the-call of the call'],
    });
  });

  it('finds it done where the gateway is younger than the call', async () => {
    const stateFolder = tempFolder();
    const { lock } = await startControl({ lock: { stateFolder } });
    const port = Number(new URL(lock.url).port);

    expect(await restartLaunched(optionsFor(stateFolder, port, { askedAt: 0 }))).toEqual({
      started: false,
      pid: process.pid,
      url: lock.url,
      logFile: join(stateFolder, 'gateway.log'),
    });
  });

  it('leaves alone a gateway that no launcher has started', async () => {
    const stateFolder = tempFolder();
    const { lock } = await startControl({ lock: { stateFolder } });

    expect(await restartLaunched(optionsFor(stateFolder, Number(new URL(lock.url).port)))).toBeUndefined();
    expect(lock.phase).toBe('ready');
  });

  it('gives up where another launcher keeps the guard', async () => {
    const folder = tempFolder();
    const guard = await PidGuard.acquire(folder);
    onCleanUp(() => guard.release());

    await expect(restartLaunched(optionsFor(folder, await freePort(), { timeoutMs: 1 }))).rejects.toMatchObject({
      code: 'held',
    });
  });
});

describe('a gateway that starts itself anew', () => {
  it('is there once another instance is ready', async () => {
    const stateFolder = tempFolder();
    const { app, lock } = await startControl({ lock: { stateFolder } });
    const { card } = app.get(GatewayCardService);
    const waiting = waitFor(Number(new URL(lock.url).port), { stateFolder, timeoutMs: 1 });

    expect(await restartedInPlace(shown({ ...card, instanceId: 'the one before' }), waiting)).toMatchObject({
      pid: process.pid,
      url: lock.url,
    });
    await expect(restartedInPlace(shown(card), waiting)).rejects.toMatchObject({ code: 'late' });
  });

  it('has died where its process is gone and no gateway listens', async () => {
    const { app } = await startControl();
    const { card } = app.get(GatewayCardService);
    const ended = Program.start(process.execPath, ['-e', '']);
    await ended.exit();
    const before = shown({ ...card, pid: ended.pid });
    const port = await freePort();

    await expect(restartedInPlace(before, waitFor(port))).rejects.toMatchObject({ code: 'died' });
    // In its own PID namespace it may run still.
    await expect(
      restartedInPlace({ ...before, isPidForeign: true }, waitFor(port, { timeoutMs: 1 })),
    ).rejects.toMatchObject({ code: 'late' });
  });

  (NO_OTHER_USER === '' ? it : it.skip)(`is not another user's process in its place${NO_OTHER_USER}`, async () => {
    const { app } = await startControl();
    const { card } = app.get(GatewayCardService);
    const other = asOtherUser(
      `const answer = JSON.stringify({ ...JSON.parse(process.argv[1]), pid: process.pid });
       const server = require('node:http').createServer((request, response) => response.end(answer));
       server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port));`,
      [JSON.stringify(card)],
    );
    const [, port] = await other.output('stdout', /^port (\d+)$/m);

    await expect(
      restartedInPlace(shown({ ...card, instanceId: 'the one before' }), waitFor(Number(port))),
    ).rejects.toMatchObject({ code: 'died', message: expect.stringContaining('another user has taken ') as string });
  });

  it('is waited for no longer than its operator does', async () => {
    const { app, lock } = await startControl();
    const { card } = app.get(GatewayCardService);
    const stop = new AbortController();
    const options = waitFor(Number(new URL(lock.url).port), { signal: stop.signal, timeoutMs: 60_000 });

    const waiting = restartedInPlace(shown(card), options);
    const aborted = once(stop.signal, 'abort');
    stop.abort(new Error('stopped by SIGINT'));

    await aborted;
    await expect(waiting).rejects.toThrow('stopped by SIGINT');
  });
});
