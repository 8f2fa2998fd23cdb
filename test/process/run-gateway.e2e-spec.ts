import { Module, type DynamicModule, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { whoHolds } from '../../src/holder/who-holds.js';
import { GatewayLockModule, runGateway } from '../../src/index.js';
import type { GatewayLockOptions } from '../../src/options/gateway-lock.options.js';
import type { RunOptions } from '../../src/process/run-gateway.js';
import { ServiceManager } from '../../src/service/service-manager.js';
import { ProbeHttpAdapter } from '../../src/serving/probe-http.adapter.js';
import { onCleanUp } from '../kit/cleaner.js';
import { until, within } from '../kit/deadline.js';
import { portOf, stranger } from '../kit/net.js';
import { freePort, isFree } from '../kit/ports.js';

const DEADLINE_MS = 20_000;
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGUSR1'] as const;

/** What is printed until the test ends, when the process also listens to no more signals than before. */
function printed(): { readonly stdout: () => string; readonly stderr: () => string } {
  const spies = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write').mockReturnValue(true));
  const before = SIGNALS.map((signal) => process.listeners(signal));
  onCleanUp(() => {
    spies.forEach((spy) => spy.mockRestore());
    SIGNALS.forEach((signal, index) => {
      for (const listener of process.listeners(signal)) {
        if (!before[index]?.includes(listener)) process.off(signal, listener);
      }
    });
  });
  const [stdout, stderr] = spies.map((spy) => () => spy.mock.calls.map(([text]) => String(text)).join(''));
  return { stdout: stdout as () => string, stderr: stderr as () => string };
}

@Module({})
class WithoutLock {}

const create = (module: Type | DynamicModule): Promise<INestApplication> =>
  NestFactory.create(module, new ProbeHttpAdapter(), { abortOnError: false, logger: false });

const gateway = (port: number, options: RunOptions = {}): Promise<number> =>
  runGateway(() => create(GatewayLockModule.forRoot({ port })), options);

const isServed = (port: number): Promise<void> =>
  until(DEADLINE_MS, `port ${port} to be served`, async () => {
    const { verdict } = await whoHolds({ host: '127.0.0.1', port });
    return verdict === 'ready';
  });

const ended = (code: Promise<number>): Promise<number> => within(DEADLINE_MS, 'the end', code);

describe('runGateway', () => {
  it('serves until the process is told to stop, and resolves with 0', async () => {
    const output = printed();
    const port = await freePort();
    const code = gateway(port, { service: true });
    await until(DEADLINE_MS, 'the ready line', () => /^gateway listening on/m.test(output.stdout()));

    process.emit('SIGTERM', 'SIGTERM');

    expect(await ended(code)).toBe(0);
    expect(output.stdout()).toMatch(`gateway listening on ws://127.0.0.1:${port}\n`);
    expect(await isFree(port)).toBe(true);
  });

  it('says nothing in the background, where another one may be started on request', async () => {
    const output = printed();
    const port = await freePort();
    const started = jest.fn();
    const code = gateway(port, { background: {}, manager: new ServiceManager({}, () => undefined), started });
    await isServed(port);

    process.emit('SIGTERM', 'SIGTERM');

    expect(await ended(code)).toBe(0);
    expect([started.mock.calls.length, output.stdout()]).toEqual([1, '']);
  });

  it('resolves with the code of a refusal, whose lines it has printed', async () => {
    const output = printed();
    const port = portOf(await stranger({}, (socket) => socket.end('hello')));

    expect(await ended(gateway(port))).toBe(69);
    expect(output.stderr()).toMatch(`another gateway instance is already listening on ws://127.0.0.1:${port}\n`);
    expect(output.stdout()).toBe('');
  });

  it('prints a refusal as one line of JSON where that is asked for', async () => {
    const output = printed();
    const port = portOf(await stranger({}, (socket) => socket.end('hello')));

    expect(await ended(gateway(port, { json: true }))).toBe(69);
    expect(JSON.parse(output.stdout())).toMatchObject({ ok: false, verdict: 'foreign', exitCode: 69 });
    expect(output.stderr()).toBe('');
  });

  it('resolves with 0 where the holder is what was wanted', async () => {
    const output = printed();
    const port = portOf(await stranger({}, (socket) => socket.end('hello')));

    expect(await ended(gateway(port, { isEnough: () => true }))).toBe(0);
    expect(output.stdout()).toMatch(`already there on ws://127.0.0.1:${port}: `);
  });

  it.each<[GatewayLockOptions, RegExp]>([
    [{ host: 'nas' }, /^"nas" is not a host to listen on: give an IP address .+\n$/],
    [{ derived: { canvas: 20 } }, /^derived\.canvas: 20 is not an offset: give a whole number from 1 to 19\n$/],
    [{ identity: { profile: '' } }, /^identity \{"profile":"".*\} does not fit on a holder card: give .+\n$/],
  ])('says in one line which option is wrong, and resolves with 64: %j', async (options, line) => {
    const output = printed();

    expect(await ended(runGateway(() => create(GatewayLockModule.forRoot(options))))).toBe(64);
    expect(output.stderr()).toMatch(line);
  });

  it('says which module an app without the lock lacks', async () => {
    const output = printed();

    expect(await ended(runGateway(() => create(WithoutLock)))).toBe(64);
    expect(output.stderr()).toBe(
      'the app does not hold the lock: import GatewayLockModule.forRoot() in its root module\n',
    );
  });
});
