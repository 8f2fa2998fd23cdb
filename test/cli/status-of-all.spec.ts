import { statusOfAll, statusTable, type ProfileStatus } from '../../src/cli/status-of-all.js';
import type { Settings } from '../../src/config/choose-settings.js';
import { whoHolds } from '../../src/holder/who-holds.js';
import type { Ownership } from '../../src/listener/holder.js';
import { cardOf } from '../holder/cards.js';

jest.mock('../../src/holder/who-holds.js', () => ({
  ...jest.requireActual<object>('../../src/holder/who-holds.js'),
  whoHolds: jest.fn(),
}));

const READY: ProfileStatus = {
  name: 'work',
  port: 20_040,
  url: 'ws://127.0.0.1:20040',
  verdict: 'ready',
  pid: 4711,
  version: '1.2.3',
  heldBy: 'work',
  isOwn: true,
  user: null,
  problem: null,
};

describe('the table of all profiles', () => {
  it.each<[Partial<ProfileStatus>, string]>([
    [{}, 'work     20040  ready  4711  1.2.3'],
    [{ heldBy: 'home' }, 'work     20040  ready, but profile home  4711  1.2.3'],
    // Any user can show a card with the name of this profile.
    [{ isOwn: false, user: 'eve' }, 'work     20040  ready, but of user eve  4711  1.2.3'],
    // A user namespace shows all users that it has no number for as one.
    [{ isOwn: false }, 'work     20040  ready, but of another user  4711  1.2.3'],
    [{ isOwn: null }, 'work     20040  ready, but it cannot be told whose  4711  1.2.3'],
    [{ isOwn: null, heldBy: 'home' }, 'work     20040  ready, but profile home  4711  1.2.3'],
    [
      { verdict: 'foreign', isOwn: false, user: 'eve', heldBy: null, version: null },
      'work     20040  foreign, but of user eve  4711  -',
    ],
    [{ verdict: 'foreign', isOwn: null, heldBy: null, version: null }, 'work     20040  foreign  4711  -'],
    [{ verdict: 'free', pid: null, version: null, heldBy: null, isOwn: null }, 'work     20040  free   -    -'],
    [{ verdict: null, port: null, pid: null, version: null, isOwn: null }, 'work     -     unknown  -    -'],
  ])('says of %j: %s', (differences, row) => {
    expect(statusTable([{ ...READY, ...differences }])[1]).toBe(row);
  });
});

describe('a gateway on the port of a profile', () => {
  it.each<[Ownership, boolean | null]>([
    ['proven', true],
    ['same user', true],
    ['other user', false],
    ['unknown', null],
  ])('whose ownership is %s: isOwn is %j', async (ownership, isOwn) => {
    const url = 'ws://127.0.0.1:20040';
    jest.mocked(whoHolds).mockResolvedValue({ verdict: 'ready', url, ownership, card: cardOf() });
    const settings = { host: '127.0.0.1', port: 20_040 } as Settings;
    const profile = { name: 'work', stateFolder: '/none', configFile: '/none/openclaw.json' };

    const [status] = await statusOfAll([{ profile, running: undefined, isUnlocated: false, settings, problem: null }]);

    expect(status).toMatchObject({ url, verdict: 'ready', isOwn, user: null });
  });
});
