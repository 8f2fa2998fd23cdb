import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';

import type { GatewayLockService } from '../../src/lock/gateway-lock.service.js';
import { Handover } from '../../src/process/handover.js';
import type { ServiceManager } from '../../src/service/service-manager.js';
import type { ShutdownNotice } from '../../src/serving/ws-session.js';
import { onCleanUp } from '../kit/cleaner.js';
import { until, within } from '../kit/deadline.js';
import { tempFolder } from '../kit/temp.js';

const URL_OF_HEIR = 'ws://127.0.0.1:1';
/** Says what a gateway says to the one before it, and ends when it is told that it has taken over. */
const HEIR = `
if (process.env.OPENCLAW_GATEWAY_HANDOVER !== '${URL_OF_HEIR}') process.exit(9);
process.on('message', (word) => {
  if (word === 'go') process.send('ready');
  if (word === 'yours') process.disconnect();
});
process.send('prepared');
`;

describe('a hand-over', () => {
  it('stops this gateway when the new one is prepared, and makes it the service when it is ready', async () => {
    const { handover, steps, stopping } = await gateway(HEIR);

    await handover.begin();
    expect(await within(10_000, 'the stop', stopping)).toEqual({
      reason: 'handing over to a new process',
      restartExpectedMs: 10_000,
    });
    await expect(handover.begin()).rejects.toThrow('another hand-over is under way');

    expect(await handover.finish()).toBe(true);
    expect(steps).toEqual([
      'handing over to a new process',
      'stopped accepting',
      'handed to a process',
      'manager has read',
    ]);
  });

  it.each([
    ['ends', 'process.exit(64)', 'the new gateway ended with 64, and this one goes on; what it said is in the log'],
    ['is killed', "process.kill(process.pid, 'SIGKILL')", 'ended with SIGKILL'],
  ])('leaves this gateway as it was where the new one %s', async (_how, script, message) => {
    const { handover, steps } = await gateway(script);

    await expect(handover.begin()).rejects.toThrow(message);

    expect(await handover.finish()).toBe(true);
    expect(steps).toEqual([]);
  });

  it('tells in the words of the new one why it could not start', async () => {
    const { handover } = await gateway(
      "process.send({ why: 'openclaw.json: no port\\nsee the docs' }, () => process.exit(64))",
    );

    await expect(handover.begin()).rejects.toMatchObject({
      message: 'the new gateway ended with 64, and this one goes on; it said: openclaw.json: no port',
      exitCode: 64,
    });
  });

  it('leaves this gateway as it was where the new one is late, and ends that one', async () => {
    const { handover } = await gateway('setInterval(() => undefined, 60_000)');

    await expect(handover.begin(500)).rejects.toMatchObject({
      message: 'the new gateway was not prepared within 500 ms, and this one goes on; what it said is in the log',
      exitCode: 75,
    });
    expect(await handover.finish()).toBe(true);
  });

  it('fails where the new one ends after this one has stopped', async () => {
    const { handover, stopping } = await gateway(
      "process.on('message', () => process.exit(1)); process.send('prepared')",
    );

    await handover.begin();
    await within(10_000, 'the stop', stopping);

    expect(await handover.finish()).toBe(false);
  });

  it('that fails so has another one started where no manager does', async () => {
    const file = join(tempFolder(), 'started');
    const { handover, stopping } = await gateway(
      `if (!('OPENCLAW_GATEWAY_HANDOVER' in process.env)) require('fs').writeFileSync('${file}', process.env.IN_BACKGROUND);
       process.on('message', () => process.exit(1)); process.send?.('prepared')`,
      { background: { IN_BACKGROUND: 'yes' } },
    );

    await handover.begin();
    await within(10_000, 'the stop', stopping);
    expect(await handover.finish()).toBe(false);

    await until(10_000, 'the other one', () => existsSync(file) && readFileSync(file, 'utf8') === 'yes');
  });

  it('leaves this gateway as it was where Node is gone', async () => {
    const { handover, steps } = await gateway(HEIR);
    Object.defineProperty(process, 'argv0', { value: 'node', configurable: true });
    process.execPath = '/none/node';

    await expect(handover.begin()).rejects.toMatchObject({
      message: 'the new gateway could not be started, and this one goes on; it said: spawn /none/node ENOENT',
      exitCode: 1,
    });
    expect(steps).toEqual([]);
  });

  it('follows the link to Node by which this process was started', async () => {
    const { handover, stopping } = await gateway(HEIR);
    const link = join(tempFolder(), 'node');
    symlinkSync(process.execPath, link);
    Object.defineProperty(process, 'argv0', { value: link, configurable: true });
    process.execPath = '/none/node';

    await handover.begin();

    await within(10_000, 'the stop', stopping);
    expect(await handover.finish()).toBe(true);
  });

  it('ends with the new one where the gateway is told to stop before that one is prepared', async () => {
    const { handover, steps } = await gateway('setInterval(() => undefined, 60_000)');
    const begun = handover.begin();

    handover.stop();

    await expect(begun).rejects.toThrow('the gateway was told to stop, and hands nothing over');
    expect(await handover.finish()).toBe(true);
    expect(steps).toEqual([]);
  });

  it('passes a stop signal on to the new one, whose end then is no failure', async () => {
    const file = join(tempFolder(), 'stopped');
    const { handover, stopping } = await gateway(
      `process.on('SIGTERM', () => { require('fs').writeFileSync('${file}', ''); process.exit(); });
       process.on('message', () => undefined); process.send('prepared')`,
    );
    await handover.begin();
    await within(10_000, 'the stop', stopping);
    const finished = handover.finish();

    handover.stop();

    expect(await finished).toBe(true);
    expect(existsSync(file)).toBe(true);
  });

  it('is off where a client has the gateway stop while the new one is made', async () => {
    const { handover, lock, steps } = await gateway(HEIR);

    lock.phase = 'draining';
    await expect(handover.begin()).rejects.toThrow('draining');
    lock.phase = 'ready';
    lock.stopAccepting = () => {
      lock.phase = 'draining';
      steps.push('stopped by a client');
    };
    await handover.begin();
    await until(10_000, 'the stop', () => lock.phase === 'draining');

    expect(await handover.finish()).toBe(true);
    expect(steps).toEqual(['handing over to a new process', 'stopped by a client']);
  });

  it('is refused by a gateway that is not ready', async () => {
    const { handover } = await gateway(HEIR, { phase: 'starting' });

    await expect(handover.begin()).rejects.toThrow('the gateway is starting, and hands nothing over');
  });
});

interface FakeLock {
  phase: GatewayLockService['phase'];
  stopAccepting: () => void;
}

interface Begun {
  readonly handover: Handover;
  readonly lock: FakeLock;
  readonly steps: string[];
  readonly stopping: Promise<ShutdownNotice>;
}

async function gateway(
  script: string,
  { phase = 'ready', background }: { phase?: GatewayLockService['phase']; background?: NodeJS.ProcessEnv } = {},
): Promise<Begun> {
  const file = join(tempFolder(), 'heir.js');
  writeFileSync(file, script);
  const { argv, argv0, execArgv, execPath } = process;
  process.argv = [process.execPath, file];
  process.execArgv = [];
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onCleanUp(() => {
    Object.assign(process, { argv, execArgv, execPath });
    Object.defineProperty(process, 'argv0', { value: argv0, configurable: true });
    server.close();
  });
  const steps: string[] = [];
  let stop: (notice: ShutdownNotice) => void = () => undefined;
  const stopping = new Promise<ShutdownNotice>((resolve) => (stop = resolve));
  const lock = {
    phase,
    addresses: [{ url: URL_OF_HEIR }],
    descriptors: [(server as Server & { _handle: { fd: number } })._handle.fd],
    stopAccepting: () => steps.push('stopped accepting'),
    beginShutdown: (notice: ShutdownNotice) => {
      stop(notice);
      return Promise.resolve();
    },
  };
  const manager = {
    environment: {},
    status: (text: string) => steps.push(text),
    handTo: () => steps.push('handed to a process'),
    read: () => Promise.resolve(steps.push('manager has read')),
  } as unknown as ServiceManager;
  const handover = new Handover(lock as unknown as GatewayLockService, manager, background);
  return { handover, lock, steps, stopping };
}
