import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { InputError } from '../../src/common/input.error.js';
import { portOfProfile } from '../../src/config/choose-port.js';
import type { Profile } from '../../src/config/profile.js';
import { chooseSettings, lockOptions, type SettingFlags, type Settings } from '../../src/config/choose-settings.js';
import { findToken } from '../../src/config/choose-token.js';
import { tempFolder } from '../kit/temp.js';

/** All that can say something of a start. */
interface Said {
  flags?: SettingFlags;
  environment?: NodeJS.ProcessEnv;
  config?: object | string;
  remembered?: string;
  name?: string;
}

function profileIn(stateFolder: string, name = 'work'): Profile {
  return { name, stateFolder, configFile: join(stateFolder, 'openclaw.json') };
}

async function settingsOf({ flags, environment = {}, config, remembered, name }: Said): Promise<Settings> {
  const profile = profileIn(tempFolder(), name);
  if (config !== undefined) {
    writeFileSync(profile.configFile, typeof config === 'string' ? config : JSON.stringify(config));
  }
  if (remembered !== undefined) writeFileSync(join(profile.stateFolder, 'gateway.port'), remembered);
  return chooseSettings(profile, flags, environment);
}

async function errorOf(said: Said): Promise<string> {
  const error = await settingsOf(said).catch((caught: unknown) => caught);
  if (error instanceof InputError) return error.message;
  throw new Error(`it was taken: ${JSON.stringify(error)}`);
}

interface Row {
  readonly of: string;
  readonly places: readonly (readonly [name: string, said: Said, value: unknown])[];
  readonly otherwise: unknown;
  readonly read: (settings: Settings) => unknown;
}

const TABLE: readonly Row[] = [
  {
    of: 'port',
    places: [
      ['flag', { flags: { port: '1001' } }, [1001, 'flag']],
      ['variable', { environment: { OPENCLAW_GATEWAY_PORT: '1002' } }, [1002, 'variable']],
      ['config', { config: { gateway: { port: 1003 } } }, [1003, 'config']],
      ['remembered', { remembered: '1004\n' }, [1004, 'remembered']],
    ],
    otherwise: [portOfProfile('work'), 'derived'],
    read: ({ port, portOrigin }) => [port, portOrigin],
  },
  {
    of: 'host',
    places: [
      ['flag', { flags: { host: '127.0.0.2' } }, '127.0.0.2'],
      ['config', { config: { gateway: { bind: 'lan' } } }, '0.0.0.0'],
    ],
    otherwise: 'localhost',
    read: ({ host }) => host,
  },
  {
    of: 'token',
    places: [
      ['flag', { flags: { token: 'of-the-flag' } }, 'of-the-flag'],
      ['variable', { environment: { OPENCLAW_GATEWAY_TOKEN: 'of-the-variable' } }, 'of-the-variable'],
      ['config', { config: { gateway: { auth: { token: 'of-the-file' } } } }, 'of-the-file'],
    ],
    otherwise: undefined,
    read: ({ token }) => token,
  },
  {
    of: 'allowed hosts',
    places: [
      ['flag', { flags: { allowHost: ['a.example', 'b.example:1'] } }, ['a.example', 'b.example:1']],
      ['config', { config: { gatewayLock: { allowHosts: ['c.example'] } } }, ['c.example']],
    ],
    otherwise: [],
    read: ({ allowHosts }) => allowHosts,
  },
  {
    of: 'allowed origins',
    places: [
      ['flag', { flags: { allowOrigin: ['https://a.example'] } }, ['https://a.example']],
      ['config', { config: { gatewayLock: { allowOrigins: ['https://b.example'] } } }, ['https://b.example']],
    ],
    otherwise: [],
    read: ({ allowOrigins }) => allowOrigins,
  },
  {
    of: 'allowed origins',
    places: [
      ['flag', { flags: { allowOrigin: ['https://a.example'] } }, ['https://a.example']],
      [
        "OpenClaw's key",
        { config: { gateway: { controlUi: { allowedOrigins: ['https://c.example', '*'] } } } },
        ['https://c.example'],
      ],
    ],
    otherwise: [],
    read: ({ allowOrigins }) => allowOrigins,
  },
  {
    of: 'trusted proxies',
    places: [
      ['flag', { flags: { trustedProxy: ['10.0.0.1', '10.1.0.0/16'] } }, ['10.0.0.1', '10.1.0.0/16']],
      ['config', { config: { gateway: { trustedProxies: ['::1'] } } }, ['::1']],
    ],
    otherwise: [],
    read: ({ trustedProxies }) => trustedProxies,
  },
];

/** Every choice of places that say something, with what then counts. */
const CELLS = TABLE.flatMap(({ of, places, otherwise, read }) =>
  Array.from({ length: 2 ** places.length }, (_, choice) => {
    const speaking = places.filter((_, index) => (choice >> index) & 1);
    const said = Object.assign({}, ...speaking.map(([, said]) => said)) as Said;
    const [first] = speaking;
    return {
      title: `${of}, where there is ${speaking.map(([name]) => name).join(', ') || 'nothing'}: ${first?.[0] ?? 'default'}`,
      said,
      expected: first ? first[2] : otherwise,
      read,
    };
  }),
);

describe('what counts', () => {
  it.each(CELLS)('$title', async ({ said, expected, read }) => {
    expect(read(await settingsOf(said))).toEqual(expected);
  });

  it.each([
    ['default', 18789],
    ['dev', 19001],
    ['work', 25_620],
  ])('without any word, profile %s has port %i', async (name, port) => {
    expect((await settingsOf({ name })).port).toBe(port);
  });

  it('the default profile has a port that all know, and remembers none', async () => {
    expect((await settingsOf({ name: 'default', remembered: '1004\n' })).port).toBe(18789);
  });

  it.each([
    ['loopback', 'localhost'],
    ['auto', 'localhost'],
    ['lan', '0.0.0.0'],
  ])('--bind %s listens on %s, whatever the file says', async (bind, host) => {
    const config = { gateway: { bind: '127.0.0.3' } };
    expect((await settingsOf({ config, flags: { bind, auth: 'token' } })).host).toBe(host);
  });

  it("the origins of our own key go before those of OpenClaw's", async () => {
    const gatewayLock = { allowOrigins: ['https://b.example'] };
    const gateway = { controlUi: { allowedOrigins: ['https://c.example'] } };
    expect((await settingsOf({ config: { gateway, gatewayLock } })).allowOrigins).toEqual(['https://b.example']);
  });

  it('says whether there is a configuration file', async () => {
    expect((await settingsOf({})).configuration.exists).toBe(false);
    const { configuration } = await settingsOf({ config: '// nothing\n{}' });
    expect(configuration).toMatchObject({ exists: true, file: expect.stringMatching(/openclaw\.json$/) as string });
  });
});

describe('what is wrong', () => {
  const NO_PORT = 'is not a port; give a whole number from 1 to 65535 in decimal digits, or';
  const NO_TOKEN = 'give 8 to 512 printable ASCII characters without spaces';

  it.each<[string, Said, string | RegExp]>([
    ['a port in a flag', { flags: { port: '80x' } }, `--port: "80x" ${NO_PORT} leave it out`],
    [
      'a port in a variable, behind a flag that is right',
      { flags: { port: '1001' }, environment: { OPENCLAW_GATEWAY_PORT: '' } },
      `OPENCLAW_GATEWAY_PORT: "" ${NO_PORT} leave it out`,
    ],
    [
      'a port in the file, behind a flag that is right',
      { flags: { port: '1001' }, config: { gateway: { port: 0 } } },
      /^\S+\/openclaw\.json: gateway\.port: 0 is not a port; give a whole number from 1 to 65535, or leave it out$/,
    ],
    [
      'a remembered port, behind a flag that is right',
      { flags: { port: '1001' }, remembered: 'a lot\nof rubbish' },
      /^\S+\/gateway\.port: "a lot\\nof rubbish" is not a port; give .*, or delete the file$/,
    ],
    ['an empty remembered port', { remembered: '' }, /^\S+\/gateway\.port: "" is not a port; /],
    ['a host in a flag', { flags: { host: 'nas' } }, /^--host: "nas" is not a host to listen on: give an IP address/],
    ['a token in a flag', { flags: { token: 'short' } }, `--token does not hold a token: ${NO_TOKEN}`],
    [
      'a token in a variable, behind a flag that is right',
      { flags: { token: 'of-the-flag' }, environment: { OPENCLAW_GATEWAY_TOKEN: '' } },
      `OPENCLAW_GATEWAY_TOKEN is empty: ${NO_TOKEN}`,
    ],
    [
      'a token in the file',
      { config: { gateway: { auth: { token: 'se cret' } } } },
      /^\S+\/openclaw\.json: gateway\.auth\.token does not hold a token: give/,
    ],
    [
      'an allowed host in a flag',
      { flags: { allowHost: ['ok.example', 'http://x'] } },
      '--allow-host: "http://x" is not an allowed host: give one such as gateway.example or gateway.example:8443',
    ],
    [
      'an allowed host in the file, behind a flag that is right',
      { flags: { allowHost: ['ok.example'] }, config: { gatewayLock: { allowHosts: ['a b'] } } },
      /^\S+\/openclaw\.json: gatewayLock\.allowHosts: "a b" is not an allowed host: give one such as/,
    ],
    [
      'an allowed origin in a flag',
      { flags: { allowOrigin: ['app.example'] } },
      '--allow-origin: "app.example" is not an allowed origin: give one such as https://app.example',
    ],
    [
      'a proxy in a flag',
      { flags: { trustedProxy: ['proxy.example'] } },
      '--trusted-proxy: "proxy.example" is not the address of a proxy: give an IP address or a range such as 127.0.0.1 or 10.0.0.0/8',
    ],
    [
      'a proxy in the file',
      { config: { gateway: { trustedProxies: ['10.0.0.0/64'] } } },
      /^\S+\/openclaw\.json: gateway\.trustedProxies: "10\.0\.0\.0\/64" is not the address of a proxy: /,
    ],
    [
      'a word for the host that names no address',
      { flags: { bind: 'tailnet' } },
      '--bind: "tailnet" is not supported; give loopback or lan, or the address itself with --host <address>',
    ],
    ['a word that only looks like one', { flags: { bind: 'toString' } }, /^--bind: "toString" is not supported; /],
    [
      'two flags for the host',
      { flags: { bind: 'lan', host: '127.0.0.2' } },
      '--host and --bind both say where to listen: give one of them',
    ],
    [
      'a way to show who one is',
      { flags: { auth: 'none' } },
      '--auth: "none" is not supported; this gateway uses a token: give token, or leave it out',
    ],
    [
      'an address that only Tailscale knows',
      { config: { gateway: { bind: 'tailnet' } } },
      /^\S+\/openclaw\.json: gateway\.bind: "tailnet" is an address that only Tailscale knows; give it with --host <address>, or/,
    ],
  ])('%s', async (_what, said, line) => {
    const message = await errorOf(said);

    if (typeof line === 'string') expect(message).toBe(line);
    else expect(message).toMatch(line);
    expect(message).not.toContain('\n');
    expect(message).not.toContain('se cret');
  });

  it('a folder in the place of the remembered port', async () => {
    const profile = profileIn(tempFolder());
    mkdirSync(join(profile.stateFolder, 'gateway.port'));

    await expect(chooseSettings(profile, {}, {})).rejects.toThrow(
      /^\S+\/gateway\.port: the remembered port cannot be read \(EISDIR\): fix the file, or delete it$/,
    );
  });

  it('is called by the name that the caller has for a variable', async () => {
    const chosen = chooseSettings(
      profileIn(tempFolder()),
      {},
      { OPENCLAW_GATEWAY_PORT: 'x' },
      (name) => `${name} in .env`,
    );

    await expect(chosen).rejects.toThrow(/^OPENCLAW_GATEWAY_PORT in \.env: "x" is not a port; /);
  });

  it('is not what a flag makes good', async () => {
    const config = { gateway: { bind: 'tailnet' } };

    expect((await settingsOf({ config, flags: { host: '100.64.0.1' } })).host).toBe('100.64.0.1');
  });
});

describe('what becomes of it', () => {
  it('with a token: the lock asks for it, and clients show it', async () => {
    const settings = await settingsOf({ flags: { token: 'of-the-flag', allowHost: ['a.example'] } });

    expect(lockOptions(settings, 'openclaw')).toEqual({
      port: settings.port,
      host: 'localhost',
      identity: { profile: 'work', command: 'openclaw' },
      stateFolder: settings.profile.stateFolder,
      auth: { token: 'of-the-flag' },
      callers: { hosts: ['a.example'], origins: [], trustedProxies: [] },
    });
    expect(findToken(settings)).toBe('of-the-flag');
  });

  it('without a token: the one in the state folder, where there is one', async () => {
    const settings = await settingsOf({});
    const tokenFile = join(settings.profile.stateFolder, 'gateway.token');

    expect(lockOptions(settings, 'openclaw').auth).toEqual({ tokenFile });
    expect(findToken(settings)).toBeUndefined();
    writeFileSync(tokenFile, 'a-token-of-a-file\n');
    expect(findToken(settings)).toBe('a-token-of-a-file');
  });
});
