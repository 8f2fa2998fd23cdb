import { findPortOwner, userOfPort } from '../../src/holder/port-owner.js';
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
