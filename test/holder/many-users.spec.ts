import { once } from 'node:events';
import { connect } from 'node:net';

import { standsForMany } from '../../src/common/user-namespace.js';
import { callerOf } from '../../src/control/access/caller.js';
import { SocketUsers } from '../../src/control/access/socket-user.js';
import { userOfConnection, userOfPort } from '../../src/holder/port-owner.js';
import { onCleanUp } from '../kit/cleaner.js';
import { portOf, stranger } from '../kit/net.js';
import { LINUX } from '../kit/sockets.js';

jest.mock('../../src/common/user-namespace.js');

// As for a process of `nobody` in a user namespace in which most users have no number (user_namespaces(7)).
(LINUX ? describe : describe.skip).each([
  [true, 'unknown', false],
  [false, 'same user', process.getuid?.() !== undefined],
])('a socket whose user has a number that stands for many: %j', (isOfMany, ownership, isTrusted) => {
  beforeEach(() => void jest.mocked(standsForMany).mockReturnValue(isOfMany));

  it(`is of ${ownership}`, async () => {
    const server = await stranger();
    const client = connect(portOf(server), '127.0.0.1');
    onCleanUp(() => client.destroy());
    await Promise.all([once(client, 'connect'), once(server, 'connection')]);

    expect(userOfPort('127.0.0.1', portOf(server))).toEqual({ ownership });
    expect(userOfConnection(client)).toEqual({ ownership });
  });

  it('is of a caller that is slowed down, where it is not root', async () => {
    const getuid = jest.spyOn(process, 'getuid' as never).mockReturnValue(1_000 as never);
    onCleanUp(() => getuid.mockRestore());
    const users = new SocketUsers(() => Promise.resolve(''));
    jest.spyOn(users, 'uidOf').mockResolvedValue(1_000);

    expect(await callerOf({ remoteAddress: '127.0.0.1' }, users)).toEqual({ name: 'user 1000', isTrusted });
  });
});
