import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import type { StatsFs } from 'node:fs';
import { join } from 'node:path';

import type { Settings } from '../../src/config/choose-settings.js';
import { checkClock, checkDisk, checkOwners } from '../../src/doctor/check-files.js';
import { checkDescriptors, checkIPv6, checkOpenClaw, checkProxies } from '../../src/doctor/check-machine.js';
import { checkPort, checkPortRange } from '../../src/doctor/check-port.js';
import { checkConfiguration, checkProfile } from '../../src/doctor/check-profile.js';
import { judgeService } from '../../src/doctor/check-service.js';
import { examine } from '../../src/doctor/examine.js';
import type { Patient } from '../../src/doctor/finding.js';
import { InputError } from '../../src/common/input.error.js';
import type { GatewayCard, Holder } from '../../src/listener/holder.js';
import { freePort } from '../kit/ports.js';
import { tempFolder } from '../kit/temp.js';

const CARD: GatewayCard = {
  service: 'openclaw-gateway',
  pid: 4711,
  profile: 'default',
  version: '1.2.3',
  phase: 'ready',
  startedAt: Date.now(),
  url: 'ws://127.0.0.1:18789',
  instanceId: 'bdaa11e2-c436-49b5-82f2-424f74997146',
};

function patient({
  holder = {},
  settings = {},
  folder = '/nowhere',
}: { holder?: Partial<Holder>; settings?: Partial<Settings>; folder?: string } = {}): Patient {
  const profile = { name: 'default', stateFolder: folder, configFile: join(folder, 'openclaw.json') };
  return {
    profile,
    program: 'acme',
    holder: { verdict: 'blocked', url: 'ws://127.0.0.1:18789', ownership: 'unknown', ...holder },
    settings: {
      profile,
      port: 18_789,
      portOrigin: 'derived',
      host: 'localhost',
      token: undefined,
      tokenSource: join(folder, 'gateway.token'),
      allowHosts: [],
      allowOrigins: [],
      trustedProxies: [],
      configuration: { file: profile.configFile, exists: false },
      ...settings,
    },
  };
}

describe('the service', () => {
  const service = {
    unit: 'acme-gateway.service',
    state: 'active',
    restarts: 3,
    isEnabled: true,
    lingers: true,
    sockets: [],
  };

  it.each([
    [undefined, { level: 'ok', text: 'no service manager is to run this gateway' }],
    [{}, { level: 'ok', text: 'acme-gateway.service is active, and was started again 3 times' }],
    [{ state: 'inactive' }, { level: 'note' }],
    [
      { missingFile: '/opt/node' },
      { level: 'problem', text: 'acme-gateway.service runs /opt/node, which is gone', wayOut: 'acme gateway install' },
    ],
    [
      { state: 'failed' },
      {
        level: 'problem',
        text: 'systemd has given acme-gateway.service up after 3 restarts',
        wayOut: 'see why: journalctl --user -u acme-gateway.service -n 20; then: acme gateway start',
      },
    ],
    [{ isEnabled: false }, { level: 'note', wayOut: 'systemctl --user enable acme-gateway.service' }],
    [{ lingers: false }, { level: 'note', wayOut: 'loginctl enable-linger' }],
  ])('%j', (found, finding) => {
    expect(judgeService(found && { ...service, ...found }, 'acme')).toMatchObject({ check: 'service', ...finding });
  });
});

describe('the port', () => {
  const nginx = { pid: 99, command: 'nginx', user: 'root', isGateway: false, pidsInNamespaces: [99] };

  it.each<[string, Partial<Holder>, object]>([
    ['is free', {}, { level: 'ok', text: 'ws://127.0.0.1:18789 is free' }],
    ['has the gateway of this profile', { verdict: 'ready', card: CARD, ownership: 'proven' }, { level: 'ok' }],
    [
      'has one that does not show whose it is',
      { verdict: 'ready', card: CARD },
      { level: 'note', text: expect.stringMatching(/; whose it is cannot be told$/) as string },
    ],
    ...(['ready', 'starting', 'draining'] as const).map((verdict): [string, Partial<Holder>, object] => [
      `has one of another user that says it is ${verdict}`,
      { verdict, card: { ...CARD, phase: verdict }, ownership: 'other user', user: 'eve' },
      {
        level: 'problem',
        text: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:18789 is used by another user: .*, user eve, /) as string,
        wayOut: 'ask user eve, or give this one another port with --port',
      },
    ]),
    [
      'has the gateway of another profile',
      { verdict: 'ready', card: { ...CARD, profile: 'work' } },
      {
        level: 'problem',
        text: 'ws://127.0.0.1:18789 is used by the gateway of profile work, and this is default',
        wayOut: 'give one of them another port with --port',
      },
    ],
    ['has one that starts', { verdict: 'starting', card: { ...CARD, phase: 'starting' } }, { level: 'note' }],
    ['has one that does not answer', { verdict: 'stalled' }, { level: 'problem' }],
    [
      'has another program',
      { verdict: 'foreign', owner: nginx },
      {
        level: 'problem',
        text: 'port 18789 is in use by another program: nginx (pid 99, user root)',
        wayOut: 'see it: ps -fp 99',
      },
    ],
    ['cannot be asked about', { verdict: 'unknown', errno: 'EMFILE' }, { level: 'problem' }],
  ])('%s', (_what, holder, finding) => expect(checkPort(patient({ holder }))).toMatchObject(finding));

  it.each([
    [18_789, 'ok'],
    [40_000, 'problem'],
  ])('%i is judged by the range of this machine: %s', (port, level) => {
    const ports = { first: 32_768, last: 60_999, reserved: [] };
    expect(checkPortRange(patient({ settings: { port } }), ports).level).toBe(level);
  });
});

describe('the profile', () => {
  const held = (verdict: Holder['verdict']): Holder => ({
    verdict,
    url: 'unknown address',
    ownership: 'unknown',
  });
  const running = (card: Partial<GatewayCard>): Holder => ({
    verdict: 'ready',
    url: CARD.url,
    ownership: 'proven',
    card: { ...CARD, ...card },
  });

  it.each([
    ['is not used', undefined, 'ok'],
    ['has its gateway where the next start would be', running({}), 'ok'],
    ['has its gateway on another port', running({ url: 'ws://127.0.0.1:18800' }), 'note'],
    ['has the gateway of another profile in its folder', running({ profile: 'work' }), 'problem'],
    ['is free', held('blocked'), 'ok'],
    ['is held by a process that does not say who it is', held('stalled'), 'problem'],
    ['could not be asked about', held('unknown'), 'problem'],
    ['is held by a process that is no gateway of this user', held('foreign'), 'problem'],
  ])('%s', (_what, holder, level) => expect(checkProfile(patient(), holder).level).toBe(level));

  it.each([
    [{ file: '/f', exists: false }, [{ level: 'ok' }]],
    [{ file: '/f', exists: true }, [{ level: 'ok', text: '/f is read' }]],
    [
      { file: '/f', exists: true, warnings: ['one', 'two'] },
      [
        { level: 'note', text: 'one' },
        { level: 'note', text: 'two' },
      ],
    ],
  ])('has a configuration: %j', (configuration, findings) => {
    expect(checkConfiguration(patient({ settings: { configuration } }))).toMatchObject(findings);
  });
});

describe('the files', () => {
  it('are none before the first start', () => {
    expect(checkOwners(patient({ folder: join(tempFolder(), 'later') })).level).toBe('ok');
  });

  it('are those of this user alone', () => {
    const folder = tempFolder();
    chmodSync(folder, 0o700);
    writeFileSync(join(folder, 'gateway.token'), 'x', { mode: 0o600 });
    expect(checkOwners(patient({ folder })).level).toBe('ok');
  });

  it('are a problem where others may write one', () => {
    const folder = tempFolder();
    chmodSync(folder, 0o700);
    const file = join(folder, 'gateway.token');
    writeFileSync(file, 'x');
    chmodSync(file, 0o666);
    expect(checkOwners(patient({ folder }))).toEqual({
      check: 'files',
      level: 'problem',
      text: `${file} can be written by other users (mode 666)`,
      wayOut: `take that away: chmod go-w ${file}`,
    });
  });

  it('are not those of other programs', () => {
    const folder = tempFolder();
    chmodSync(folder, 0o700);
    const file = join(folder, 'sessions.json');
    writeFileSync(file, 'x');
    chmodSync(file, 0o666);
    expect(checkOwners(patient({ folder })).level).toBe('ok');
  });
});

describe('the disk', () => {
  const stats = (values: object) => () =>
    ({ bavail: 1_000_000, bsize: 4_096, ffree: 10, files: 100, ...values }) as unknown as StatsFs;

  it.each([
    ['has room', {}, 'ok'],
    ['has no room for a log', { bavail: 100 }, 'problem'],
    ['has no inode left', { ffree: 0 }, 'problem'],
    ['counts no inodes', { ffree: 0, files: 0 }, 'ok'],
  ])('%s', (_what, values, level) => {
    expect(checkDisk(patient({ folder: '/nowhere/at/all' }), stats(values) as never).level).toBe(level);
  });

  it('is that of the nearest folder that is there', () => {
    const folder = tempFolder();
    expect(checkDisk(patient({ folder: join(folder, 'a', 'b') })).text).toContain(folder);
  });

  it('may say nothing', () => {
    const read = (): never => {
      throw Object.assign(new Error('no'), { code: 'ENOSYS' });
    };
    expect(checkDisk(patient(), read)).toMatchObject({
      level: 'note',
      text: expect.stringContaining('ENOSYS') as string,
    });
  });
});

describe('the clock', () => {
  it('is right where the files of the folder are older', () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'gateway.token'), 'x');
    expect(checkClock(patient({ folder })).level).toBe('ok');
  });

  it('may be wrong where a file is of a later time', () => {
    const folder = tempFolder();
    const file = join(folder, 'gateway.token');
    writeFileSync(file, 'x');
    const later = Date.now() / 1_000 + 86_400;
    utimesSync(file, later, later);
    expect(checkClock(patient({ folder }))).toMatchObject({
      level: 'note',
      text: expect.stringContaining(file) as string,
    });
  });

  it('is wrong where it stands at its beginning', () => {
    expect(checkClock(patient(), 0)).toMatchObject({ level: 'problem', text: 'it cannot be 1970-01-01T00:00:00.000Z' });
  });
});

describe('the machine', () => {
  it.each([
    ['::1', 'ok'],
    ['127.0.0.1', 'note'],
  ])('has %s: %s', (address, level) => {
    expect(checkIPv6({ lo: [{ address }] } as never).level).toBe(level);
  });

  it.each([
    ['20000', 'ok'],
    ['unlimited', 'ok'],
    ['4096', 'note'],
    ['256', 'problem'],
  ])('allows %s descriptors: %s', (soft, level) => {
    const limits = `Limit  Soft Limit\nMax open files            ${soft}                20000                files\n`;
    expect(checkDescriptors(() => limits)).toMatchObject({ level, text: expect.stringContaining(soft) as string });
  });

  it('may not tell how many descriptors it allows', () => expect(checkDescriptors(() => '').level).toBe('ok'));

  it('has another program of the same name', async () => {
    const folder = tempFolder();
    const [elsewhere, other] = [join(folder, 'elsewhere'), join(folder, 'acme')];
    writeFileSync(elsewhere, '');
    symlinkSync(elsewhere, other);
    expect(await checkOpenClaw(patient(), `/nowhere:${folder}`)).toMatchObject({
      level: 'note',
      text: `acme on the PATH is another program: ${elsewhere}`,
    });
    expect((await checkOpenClaw(patient(), '/nowhere')).level).toBe('ok');
  });

  it('has an OpenClaw in the state folder', async () => {
    const folder = tempFolder();
    const uid = process.getuid?.();
    const lockFolder = join(folder, 'tmp', uid === undefined ? 'openclaw' : `openclaw-${uid}`);
    mkdirSync(lockFolder, { recursive: true });
    writeFileSync(join(lockFolder, 'gateway.state.lock'), JSON.stringify({ pid: process.pid }), { mode: 0o600 });
    expect(await checkOpenClaw(patient({ folder }), '')).toMatchObject({
      level: 'problem',
      text: `OpenClaw uses ${folder} (pid ${process.pid})`,
    });
  });

  it.each([
    [{}, 'ok'],
    [{ host: '0.0.0.0' }, 'ok'],
    [{ allowHosts: ['gw.example'] }, 'note'],
    [{ allowHosts: ['gw.example'], trustedProxies: ['10.0.0.1'] }, 'ok'],
  ])('may have a proxy in front: %j', (settings, level) => {
    expect(checkProxies(patient({ settings })).level).toBe(level);
  });
});

describe('the whole examination', () => {
  it('looks at all, and changes nothing', async () => {
    const { profile, settings } = patient({
      folder: join(tempFolder(), 'later'),
      settings: { port: await freePort() },
    });
    const findings = await examine({ profile, program: 'acme', chooseSettings: () => Promise.resolve(settings) });
    expect(findings.map(({ check }) => check)).toEqual([
      'port',
      'port range',
      'profile',
      'configuration',
      'proxies',
      'files',
      'IPv6',
      'descriptors',
      'disk',
      'clock',
      'OpenClaw',
      'service',
    ]);
    expect(findings[0]).toMatchObject({ level: 'ok' });
  });

  it('says what is wrong with a value, and looks at the machine all the same', async () => {
    const { profile } = patient();
    const findings = await examine({
      profile,
      program: 'acme',
      chooseSettings: () => Promise.reject(new InputError('/f: gateway.port: 0 is not a port')),
    });
    expect(findings[0]).toEqual({
      check: 'configuration',
      level: 'problem',
      text: '/f: gateway.port: 0 is not a port',
    });
    expect(findings.map(({ check }) => check)).toContain('disk');
  });

  it('hides no mistake of ours', async () => {
    const { profile } = patient();
    const chooseSettings = (): Promise<Settings> => Promise.reject(new TypeError('ours'));
    await expect(examine({ profile, program: 'acme', chooseSettings })).rejects.toThrow('ours');
  });
});
