import { EventEmitter } from 'node:events';

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { runGateway } from '../../src/index.js';
import { Heir, HEIR_VARIABLE, type ParentChannel } from '../../src/service/heir.js';
import { StopSignals } from '../../src/process/stop-signals.js';
import { ProbeHttpAdapter } from '../../src/serving/probe-http.adapter.js';
import { onCleanUp } from '../kit/cleaner.js';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;

function fail(): never {
  throw new Error('this part is not configured');
}

class Broken {
  readonly part = fail();
}

@Module({ providers: [Broken] })
class BrokenModule {}

it('a successor whose app cannot be made says why, and never that it is prepared', async () => {
  const said: unknown[] = [];
  const parent = Object.assign(new EventEmitter(), { connected: true, send: (word: unknown) => said.push(word) > 0 });
  const heir = Heir.take({ [HEIR_VARIABLE]: 'ws://127.0.0.1:1' }, parent as unknown as ParentChannel);
  const printed = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const before = SIGNALS.map((signal) => process.listeners(signal));
  onCleanUp(() => {
    printed.mockRestore();
    SIGNALS.forEach((signal, index) => {
      for (const listener of process.listeners(signal)) {
        if (!before[index]?.includes(listener)) process.off(signal, listener);
      }
    });
  });

  const code = await runGateway(
    () => NestFactory.create(BrokenModule, new ProbeHttpAdapter(), { abortOnError: false, logger: false }),
    { heir, signals: new StopSignals() },
  );

  expect(code).toBe(1);
  expect(said).toEqual([{ why: expect.stringMatching(/^Error: this part is not configured\n/) as unknown }]);
});
