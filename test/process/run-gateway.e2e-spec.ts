import { NestFactory } from '@nestjs/core';

import { GatewayLockModule, runGateway } from '../../src/index.js';
import { StopSignals } from '../../src/process/stop-signals.js';
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

function gateway(port: number, signals: StopSignals): Promise<number> {
  const lock = GatewayLockModule.forRoot({ port });
  return runGateway(() => NestFactory.create(lock, new ProbeHttpAdapter(), { abortOnError: false, logger: false }), {
    signals,
  });
}

describe('runGateway', () => {
  it('serves until the process is told to stop, and resolves with 0', async () => {
    const output = printed();
    const port = await freePort();
    const code = gateway(port, new StopSignals());
    await until(DEADLINE_MS, 'the ready line', () => /^gateway listening on/m.test(output.stdout()));

    process.emit('SIGTERM', 'SIGTERM');

    expect(await within(DEADLINE_MS, 'the end', code)).toBe(0);
    expect(output.stdout()).toMatch(`gateway listening on ws://127.0.0.1:${port}\n`);
    expect(await isFree(port)).toBe(true);
  });

  it('resolves with the code of a refusal, whose lines it has printed', async () => {
    const output = printed();
    const port = portOf(await stranger({}, (socket) => socket.end('hello')));

    expect(await within(DEADLINE_MS, 'the end', gateway(port, new StopSignals()))).toBe(69);
    expect(output.stderr()).toMatch(`another gateway instance is already listening on ws://127.0.0.1:${port}\n`);
    expect(output.stdout()).toBe('');
  });
});
