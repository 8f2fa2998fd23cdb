import { Test } from '@nestjs/testing';

import { ControlMethodsModule, InputError } from '../../../src/index.js';

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
