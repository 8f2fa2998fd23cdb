import { statusTable, type ProfileStatus } from '../../src/cli/status-of-all.js';

const READY: ProfileStatus = {
  name: 'work',
  port: 20_040,
  url: 'ws://127.0.0.1:20040',
  verdict: 'ready',
  pid: 4711,
  version: '1.2.3',
  heldBy: 'work',
  user: null,
  problem: null,
};

describe('the table of all profiles', () => {
  it.each<[Partial<ProfileStatus>, string]>([
    [{}, 'work     20040  ready  4711  1.2.3'],
    [{ heldBy: 'home' }, 'work     20040  ready, but profile home  4711  1.2.3'],
    // Any user can show a card with the name of this profile.
    [{ user: 'eve' }, 'work     20040  ready, but of user eve  4711  1.2.3'],
    [
      { verdict: 'foreign', user: 'eve', heldBy: null, version: null },
      'work     20040  foreign, but of user eve  4711  -',
    ],
    [{ verdict: 'free', pid: null, version: null, heldBy: null }, 'work     20040  free   -    -'],
    [{ verdict: null, port: null, pid: null, version: null }, 'work     -     unknown  -    -'],
  ])('says of %j: %s', (differences, row) => {
    expect(statusTable([{ ...READY, ...differences }])[1]).toBe(row);
  });
});
