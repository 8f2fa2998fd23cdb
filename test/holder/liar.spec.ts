import { findPortOwner, userOfConnection, userOfPort } from '../../src/holder/port-owner.js';
import { whoHolds } from '../../src/holder/who-holds.js';
import { portOf, stranger } from '../kit/net.js';
import { cardAnswer, cardOf } from './cards.js';

jest.mock('../../src/holder/port-owner.js');
beforeEach(() => void jest.mocked(userOfPort).mockReturnValue({ ownership: 'unknown' }));

describe('a stranger that shows the card of another process', () => {
  it('gains nothing when the operating system has no time left for a second look', async () => {
    const owner = { pid: process.pid, isGateway: false, pidsInNamespaces: [process.pid] };
    jest.mocked(findPortOwner).mockResolvedValueOnce(owner).mockResolvedValue('unknown');
    const wrong = cardAnswer({ pid: process.ppid });
    const port = portOf(await stranger({}, (socket) => socket.once('data', () => socket.end(wrong))));

    expect(await whoHolds({ host: '127.0.0.1', port })).toEqual({
      verdict: 'foreign',
      passesOn: true,
      url: `ws://127.0.0.1:${port}`,
      ownership: 'unknown',
      owner,
    });
    expect(findPortOwner).toHaveBeenCalledTimes(2);
  });
});

describe('a process of this user that shows a card', () => {
  it.each([
    ['its process was found', { pid: process.pid, isGateway: true, pidsInNamespaces: [process.pid] }, 'same user'],
    ['its process was not found: it may be a tunnel', 'unknown', 'unknown'],
  ] as const)('is a gateway of this user, as far as that is certain, where %s', async (_where, owner, ownership) => {
    jest.mocked(findPortOwner).mockReset().mockResolvedValue(owner);
    jest.mocked(userOfConnection).mockReturnValue({ ownership: 'same user' });
    const port = portOf(await stranger({}, (socket) => socket.once('data', () => socket.write(cardAnswer()))));

    expect(await whoHolds({ host: '127.0.0.1', port })).toMatchObject({ verdict: 'ready', ownership });
  });
});

describe('a gateway that takes the port while its predecessor hangs up', () => {
  it('is believed where the operating system says nothing of either', async () => {
    jest.mocked(findPortOwner).mockReset().mockResolvedValue('unknown');
    const answers = ['', cardAnswer()];
    const server = await stranger({}, (socket) => socket.once('data', () => socket.end(answers.shift() ?? '')));

    expect(await whoHolds({ host: '127.0.0.1', port: portOf(server) })).toMatchObject({
      verdict: 'ready',
      card: cardOf(),
    });
  });
});
