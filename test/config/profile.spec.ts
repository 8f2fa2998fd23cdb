import { printable } from '../../src/common/printable.js';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';

import { InputError } from '../../src/common/input.error.js';
import { knownProfiles } from '../../src/config/known-profiles.js';
import { isProfileName, resolveProfile, type Profile, type ProfileFlags } from '../../src/config/profile.js';
import { tempFolder } from '../kit/temp.js';

const HOME = '/home/user';
// eslint-disable-next-line no-control-regex
const CONTROL_CHARACTERS = /[\u0000-\u001f]/;

const resolved = (flags: ProfileFlags = {}, environment: NodeJS.ProcessEnv = {}, home = HOME): Profile =>
  resolveProfile(flags, environment, () => home);

function errorOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('it was taken');
}

describe('a profile', () => {
  it.each<[ProfileFlags, NodeJS.ProcessEnv, Profile]>([
    [{}, {}, { name: 'default', stateFolder: `${HOME}/.openclaw`, configFile: `${HOME}/.openclaw/openclaw.json` }],
    [
      { profile: 'work' },
      {},
      { name: 'work', stateFolder: `${HOME}/.openclaw-work`, configFile: `${HOME}/.openclaw-work/openclaw.json` },
    ],
    [
      { dev: true },
      { OPENCLAW_PROFILE: 'dev' },
      { name: 'dev', stateFolder: `${HOME}/.openclaw-dev`, configFile: `${HOME}/.openclaw-dev/openclaw.json` },
    ],
    [
      {},
      { OPENCLAW_PROFILE: 'work', OPENCLAW_CONFIG_PATH: '/etc/openclaw.json' },
      { name: 'work', stateFolder: `${HOME}/.openclaw-work`, configFile: '/etc/openclaw.json' },
    ],
    [
      { profile: 'default' },
      { OPENCLAW_STATE_DIR: '/var/lib/gateway' },
      { name: 'default', stateFolder: '/var/lib/gateway', configFile: '/var/lib/gateway/openclaw.json' },
    ],
    [
      { profile: 'work' },
      { OPENCLAW_STATE_DIR: `${HOME}/.openclaw-work/` },
      { name: 'work', stateFolder: `${HOME}/.openclaw-work`, configFile: `${HOME}/.openclaw-work/openclaw.json` },
    ],
  ])('of %j and %j is %j', (flags, environment, profile) => {
    expect(resolved(flags, environment)).toEqual(profile);
  });

  const NO_NAME = 'is not a name of a profile; give 1 to 64 of a-z, 0-9 and "-", not beginning with "-"';

  it.each<[ProfileFlags, NodeJS.ProcessEnv, string]>([
    [{ profile: 'Work' }, {}, `--profile: "Work" ${NO_NAME}`],
    [{ profile: '' }, {}, `--profile: "" ${NO_NAME}`],
    [{ profile: '../work' }, {}, `--profile: "../work" ${NO_NAME}`],
    [{}, { OPENCLAW_PROFILE: '' }, `OPENCLAW_PROFILE: "" ${NO_NAME}`],
    [{ profile: 'work' }, { OPENCLAW_PROFILE: 'a b' }, `OPENCLAW_PROFILE: "a b" ${NO_NAME}`],
    [{ profile: 'work', dev: true }, {}, '--profile says profile work, --dev says dev: give one of them'],
    [
      { profile: 'work' },
      { OPENCLAW_PROFILE: 'home' },
      '--profile says profile work, OPENCLAW_PROFILE says home: give one of them',
    ],
    [{}, { OPENCLAW_STATE_DIR: ' ' }, 'OPENCLAW_STATE_DIR: "" is not a path; give one, or unset it'],
    [{}, { OPENCLAW_CONFIG_PATH: '' }, 'OPENCLAW_CONFIG_PATH: "" is not a path; give one, or unset it'],
    [
      { profile: 'work' },
      { OPENCLAW_STATE_DIR: '/var/lib/gateway' },
      `OPENCLAW_STATE_DIR: "/var/lib/gateway" is not the folder of profile work, which is ${HOME}/.openclaw-work: unset it, or leave the profile out`,
    ],
  ])('of %j and %j is refused', (flags, environment, line) => {
    expect(errorOf(() => resolved(flags, environment))).toBe(line);
  });

  it('without a home folder is refused, unless it has no need of one', () => {
    const line = 'HOME: "" is not a path, and there is no other home folder; set it, or give OPENCLAW_STATE_DIR';
    const none = (): string => {
      throw new Error('this user has none');
    };

    expect(errorOf(() => resolved({}, {}, ''))).toBe(line);
    expect(errorOf(() => resolveProfile({}, {}, none))).toBe(line);
    expect(resolveProfile({}, { OPENCLAW_STATE_DIR: '/var/lib/gateway' }, none).stateFolder).toBe('/var/lib/gateway');
  });

  it('has absolute paths, whatever the home folder is', () => {
    expect(resolved({}, {}, 'somewhere').stateFolder).toBe(join(process.cwd(), 'somewhere/.openclaw'));
  });

  const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,63}$/);

  it('of every name has a folder of its own in the home folder', () => {
    fc.assert(
      fc.property(name, name, (one, other) => {
        const [first, second] = [resolved({ profile: one }), resolved({ profile: other })];
        expect(first.stateFolder.slice(HOME.length)).toMatch(/^\/\.openclaw(-[a-z0-9-]+)?$/);
        expect(first.stateFolder === second.stateFolder).toBe(one === other);
        expect(first.configFile).toBe(`${first.stateFolder}/openclaw.json`);
      }),
      { numRuns: 2_000 },
    );
  });

  it('of any other text is refused in one line that shows it', () => {
    const almost = fc
      .tuple(name, fc.constantFrom('', '_', '/', '\n', 'é', 'A', ' '), name)
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), almost), (text) => {
        fc.pre(!isProfileName(text));
        const message = errorOf(() => resolved({ profile: text }));
        expect(message.startsWith(`--profile: ${printable(JSON.stringify(text))} is not a name of a profile; `)).toBe(
          true,
        );
        expect(message).not.toMatch(CONTROL_CHARACTERS);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the known profiles', () => {
  it('are the folders of their names in the home folder, and the current one', () => {
    const home = tempFolder();
    for (const folder of ['.openclaw-work', '.openclaw', '.openclaw-a', '.openclaw-A', '.openclaw-default', 'other']) {
      mkdirSync(join(home, folder));
    }
    writeFileSync(join(home, '.openclaw-file'), '');
    symlinkSync(join(home, 'other'), join(home, '.openclaw-linked'));
    symlinkSync(join(home, 'none'), join(home, '.openclaw-dangling'));
    symlinkSync(join(home, '.openclaw-circle'), join(home, '.openclaw-circle'));

    const profiles = knownProfiles(resolved({ profile: 'new' }, {}, home), () => home);

    expect(profiles.map(({ name }) => name)).toEqual(['default', 'a', 'linked', 'new', 'work']);
    expect(profiles.map(({ stateFolder }) => stateFolder)).toContain(join(home, '.openclaw-work'));
  });

  it('are the current one where there is no home folder', () => {
    const current = resolved({}, { OPENCLAW_STATE_DIR: '/var/lib/gateway' });

    expect(knownProfiles(current, () => join(tempFolder(), 'none'))).toEqual([current]);
    expect(
      knownProfiles(current, () => {
        throw new Error('this user has none');
      }),
    ).toEqual([current]);
  });
});
