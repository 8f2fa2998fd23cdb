import { Test } from '@nestjs/testing';

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
});
