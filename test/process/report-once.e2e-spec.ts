import { Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { claimListener, InputError } from '../../src/index.js';
import { reportOnce } from '../../src/process/report-once.js';
import { ProbeHttpAdapter } from '../../src/serving/probe-http.adapter.js';
import { portOf, stranger } from '../kit/net.js';

/** Makes an app one of whose factories fails, and returns what its logger was given. */
async function loggedOf(factory: () => unknown): Promise<unknown[]> {
  const logged: unknown[] = [];
  const logger = { log: () => undefined, warn: () => undefined, error: (message: unknown) => logged.push(message) };
  @Module({ providers: [{ provide: 'part', useFactory: factory }] })
  class AppModule {}
  const made = reportOnce(() => NestFactory.create(AppModule, new ProbeHttpAdapter(), { abortOnError: false, logger }));
  await made.then(
    () => expect('the app').toBe('refused'),
    () => undefined,
  );
  return logged;
}

describe('while an app is made', () => {
  it('an error that was written for people is not logged by Nest', async () => {
    const port = portOf(await stranger());

    expect(await loggedOf(() => Promise.reject(new InputError('port: no')))).toEqual([]);
    expect(await loggedOf(() => claimListener({ port }))).toEqual([]);
  });

  it('any other is, with its stack', async () => {
    const error = new Error('a mistake of the app');

    expect(await loggedOf(() => Promise.reject(error))).toEqual([error]);
  });
});

describe('afterwards', () => {
  it('all is logged again', async () => {
    const { error } = Object.getOwnPropertyDescriptors(Logger.prototype);
    await loggedOf(() => Promise.reject(new InputError('port: no')));

    expect(Object.getOwnPropertyDescriptor(Logger.prototype, 'error')).toEqual(error);
  });
});
