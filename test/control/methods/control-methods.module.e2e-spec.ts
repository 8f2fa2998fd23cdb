import { APP_PIPE } from '@nestjs/core';
import { Test } from '@nestjs/testing';

import { namesOf } from '../../../src/control/methods/control-method.js';
import { MonitorMethods } from '../../../src/control/methods/monitor-methods.js';
import { OpenclawMethods } from '../../../src/control/methods/openclaw-methods.js';
import { OperatorMethods } from '../../../src/control/methods/operator-methods.js';
import { ControlMethodsModule, InputError } from '../../../src/index.js';
import { GatewayWebSockets } from '../../../src/serving/gateway-websockets.js';
import { startApp } from '../../kit/app.js';
import { startControl } from '../../kit/control.js';
import { Client } from '../../kit/net.js';
import { Operator } from '../../kit/operator.js';
import { itSinceNest12 } from '../../kit/since-nest-12.js';

describe('ControlMethodsModule in an app without the lock', () => {
  it.each([
    ['bare', ControlMethodsModule],
    ['with options', ControlMethodsModule.forRoot({})],
  ])('%s says what to import', async (_how, module) => {
    const error: unknown = await Test.createTestingModule({ imports: [module] })
      .compile()
      .catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toBe(
      'ControlMethodsModule serves a gateway that holds the lock: import GatewayLockModule.forRoot() in the root module too',
    );
  });
});

describe('ControlMethodsModule', () => {
  it('has Nest bind one handler to a client, however many methods there are', async () => {
    const { app, lock } = await startControl();
    await Operator.open(lock.url);

    const [client] = app.get(GatewayWebSockets).clients.values();

    expect(client?.messages).toContain('health');
    expect(client?.messages).toContain('logs.tail');
    expect(client?.handlers).toHaveLength(1);
  });

  // Nest 11 sends a client of plain ws no exceptions.
  itSinceNest12("refuses its methods to clients that speak Nest's own format, who have shown no token", async () => {
    const { lock } = await startApp({ imports: [ControlMethodsModule] });
    const client = await Client.open(lock.url);

    client.send({ event: 'gateway.shutdown', data: {} });

    expect(await client.next(10_000)).toMatchObject({
      event: 'exception',
      data: { details: { code: 'MISSING_SCOPE', scope: 'operator.admin' } },
    });
  });

  it('asks for the scope of each method before it looks at the params', async () => {
    const token = 'a-token-that-allows-nothing';
    const { lock } = await startControl({ lock: { auth: { tokens: [{ token, scopes: [] }] } } });
    const operator = await Operator.open(lock.url, { token });

    const methods = namesOf(OpenclawMethods, OperatorMethods, MonitorMethods);
    const answers = await Promise.all(
      methods.map((method) => operator.call(method, { path: 1, limit: 'x', timeoutMs: 'x', reason: 1 })),
    );

    expect(answers.map(({ error }) => error?.details)).toEqual(
      methods.map(() => expect.objectContaining({ code: 'MISSING_SCOPE' }) as object),
    );
  });

  it('is not kept from its methods by a pipe of the app that changes texts', async () => {
    const pipe = { transform: (value: unknown) => (typeof value === 'string' ? value.toUpperCase() : value) };
    const { lock } = await startControl({ providers: [{ provide: APP_PIPE, useValue: pipe }] });

    expect(await (await Operator.open(lock.url)).call('health')).toMatchObject({ ok: true });
  });
});
