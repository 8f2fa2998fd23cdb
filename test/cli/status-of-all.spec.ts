import { statusTable, type ProfileStatus } from '../../src/cli/status-of-all.js';

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
