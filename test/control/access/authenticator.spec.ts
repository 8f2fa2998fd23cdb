import { setTimeout as delay } from 'node:timers/promises';

import { Logger } from '@nestjs/common';

import { Authenticator } from '../../../src/control/access/authenticator.service.js';
import { withDefaults } from '../../../src/options/gateway-lock.options.js';
import { Gate } from '../../kit/gate.js';

jest.mock('node:timers/promises', () => ({
  ...jest.requireActual<object>('node:timers/promises'),
  setTimeout: jest.fn(),
}));

it('a caller that guesses too fast waits for the word that nothing was compared, and the others do not', async () => {
  Logger.overrideLogger(false);
  const authenticator = new Authenticator(withDefaults({ protocol: 'openclaw', auth: { token: 'a-short-token' } }));
  authenticator.onApplicationBootstrap();
  const gate = new Gate();
  jest.mocked(delay).mockReturnValue(gate.opened);
  const judge = (remoteAddress: string, token: string): Promise<unknown> =>
    authenticator.judge({ remoteAddress }, token);
  for (const guess of ['guess-1', 'guess-2', 'guess-3', 'guess-4']) {
    expect(await judge('192.0.2.1', guess)).toEqual({ kind: 'wrong' });
  }

  const told = jest.fn();
  const fifth = judge('192.0.2.1', 'a-short-token').then(told);

  expect(await judge('192.0.2.2', 'a-short-token')).toMatchObject({ kind: 'right' });
  expect(told).not.toHaveBeenCalled();
  gate.open();
  await fifth;
  expect(told).toHaveBeenCalledWith({ kind: 'busy' });
});
