import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { NotAllowedError } from '../../src/common/not-allowed.error.js';
import { diffOf, findInstalled, marked } from '../../src/service/installed-file.js';
import { launchAgent } from '../../src/service/launch-agent.js';
import { planAgent } from '../../src/service/launchd-service.js';
import { programPath } from '../../src/service/program-path.js';
import { applyChanges } from '../../src/service/service-files.js';
import { printUnits } from '../../src/service/systemd-service.js';
import { systemdSocket, systemdSocketOnIPv6, systemdUnit, type ServicePlan } from '../../src/service/systemd-unit.js';
import { tempFolder } from '../kit/temp.js';

const PLAN: ServicePlan = {
  program: 'openclaw',
  profile: 'default',
  host: 'localhost',
  port: 18789,
  command: ['/usr/bin/node', '/usr/bin/openclaw', 'gateway', '--profile=default', '--port=18789'],
};

describe('a unit', () => {
  it('is the same each time', () => {
    expect(systemdUnit(PLAN)).toBe(systemdUnit(PLAN));
    expect(systemdUnit(PLAN)).toContain(
      '\nExecStart=/usr/bin/node /usr/bin/openclaw gateway --profile=default --port=18789\n',
    );
  });

  it.each([
    ['/opt/100% node', '"/opt/100%% node"'],
    ['/opt/$HOME/node', '/opt/$$HOME/node'],
    ['/opt/a"b\\c', '"/opt/a\\"b\\\\c"'],
    ["/opt/it's", '"/opt/it\'s"'],
    ['--allow-origin=https://a.example;b', '"--allow-origin=https://a.example;b"'],
  ])('has %j as %s', (word, escaped) => {
    expect(systemdUnit({ ...PLAN, command: [word] })).toContain(`\nExecStart=${escaped}\n`);
  });

  it.each(['/opt/a\nb', '/opt/a\0b'])('cannot hold %j', (word) => {
    expect(() => systemdUnit({ ...PLAN, command: [word] })).toThrow(/: a unit cannot hold such a path: move it/);
  });

  it('for a socket on [::1] is one that can fail alone', () => {
    const text = systemdSocketOnIPv6(PLAN, 'openclaw-gateway.service');

    expect(text).toContain('\nConditionPathExists=/proc/net/if_inet6\n');
    expect(text).toContain(
      '\nListenStream=[::1]:18789\nBindIPv6Only=ipv6-only\nService=openclaw-gateway.service\nFileDescriptorName=gateway\n',
    );
    expect(printUnits(PLAN, { socket: true })).toContain(text);
    // It is the only address of such a gateway.
    expect(printUnits({ ...PLAN, host: '127.0.0.1' }, { socket: true })).not.toContain('::1');
  });

  it('for a socket is for loopback alone', () => {
    expect(systemdSocket(PLAN)).toContain('\nListenStream=127.0.0.1:18789\n');
    expect(() => systemdSocket({ ...PLAN, host: '0.0.0.0' })).toThrow(
      '--socket: a socket unit is written for 127.0.0.1, and this gateway is for ws://0.0.0.0:18789: leave out --socket or --host',
    );
  });
});

describe('a file that is there', () => {
  const text = marked('[Unit]\nDescription=one\n', { open: '# ', close: '' });

  it.each([
    ['same', text],
    // An upgrade of the program is no reason to start its service anew.
    ['same', text.replace(/lock \S+,/, 'lock 0.0.1,')],
    ['older', marked('[Unit]\nDescription=another\n', { open: '# ', close: '' })],
    ['edited', `${text}# mine\n`],
    ['edited', text.replace('one', 'mine')],
    ['foreign', '[Unit]\nDescription=one\n'],
  ])('is found to be %s', (kind, found) => {
    const path = join(tempFolder(), 'unit');
    writeFileSync(path, found);

    expect(findInstalled(path, text)).toEqual({ kind, text: found });
  });

  it('can be missing', () => {
    expect(findInstalled(join(tempFolder(), 'unit'), text)).toEqual({ kind: 'missing' });
  });
});

it.each([
  ['written', 'written'],
  ['removed', 'removed'],
] as const)('a file that cannot be %s is an error in one line', (_what, change) => {
  const file = join(tempFolder(), 'file');
  writeFileSync(file, '');
  const path = join(file, 'unit');

  const apply = (): void => applyChanges([{ path, text: '', change, diff: [] }]);

  expect(apply).toThrow(NotAllowedError);
  expect(apply).toThrow(/unit: not to be written by this user \(E[A-Z]+\): make its folder one that can be written$/);
});

it('a difference is shown in lines', () => {
  expect(diffOf('a\nb\nc\n', 'a\nx\nc\nd\n')).toEqual(['- b', '+ x', '+ d']);
  expect(diffOf('a\n', 'a\n')).toEqual([]);
});

describe('an agent of launchd', () => {
  const AGENT = { ...PLAN, label: 'openclaw-gateway-lock.default', logFile: '/Users/a & b/<log>' };
  const python = spawnSync('python3', ['-c', 'import plistlib']).status === 0;

  (python ? it : it.skip)(`can be read by a parser${python ? '' : ' (needs python3)'}`, () => {
    const file = join(tempFolder(), 'agent.plist');
    writeFileSync(file, launchAgent(AGENT));
    const script = 'import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], "rb"))))';
    const { stdout, stderr } = spawnSync('python3', ['-c', script, file], { encoding: 'utf8' });

    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({
      Label: AGENT.label,
      ProgramArguments: PLAN.command,
      KeepAlive: { SuccessfulExit: false },
      StandardErrorPath: AGENT.logFile,
    });
  });

  it('that a person has changed is told from ours', () => {
    const path = join(tempFolder(), 'agent');
    writeFileSync(path, launchAgent({ ...AGENT, label: 'another' }));
    expect(findInstalled(path, launchAgent(AGENT)).kind).toBe('older');
    writeFileSync(path, launchAgent(AGENT).replace('<true/>', '<false/>'));
    expect(findInstalled(path, launchAgent(AGENT)).kind).toBe('edited');
  });

  it.each([
    [{ socket: true }, {}, '--socket: launchd has nothing of that kind: leave it out'],
    [{ linger: true }, {}, '--linger: launchd has nothing of that kind: leave it out'],
    [
      {},
      { environmentFile: '/x' },
      '--env: launchd reads no file of variables: leave it out, and use the configuration file',
    ],
  ])('does not do %j', (options, plan, message) => {
    const all = { socket: false, linger: false, force: false, start: true, ...options };
    expect(() => planAgent({ ...AGENT, ...plan }, all)).toThrow(message);
  });
});

describe('the paths of a service', () => {
  it('are links that outlive an upgrade, outside of version managers', () => {
    const folder = tempFolder();
    const [managed, bin] = [join(folder, '.nvm/versions'), join(folder, 'bin')];
    const script = join(folder, 'cli.js');
    writeFileSync(script, '', { mode: 0o755 });
    for (const each of [managed, bin]) {
      mkdirSync(each, { recursive: true });
      symlinkSync(process.execPath, join(each, 'node'));
    }
    symlinkSync(script, join(bin, 'openclaw'));

    const found = programPath('openclaw', script, { PATH: `relative:${managed}:${bin}` });

    expect(found.words).toEqual([join(bin, 'node'), join(bin, 'openclaw')]);
    expect(found.warnings).toEqual([]);
  });

  it('are those of this process where PATH has none', () => {
    const script = join(tempFolder(), 'cli.js');
    writeFileSync(script, '');

    expect(programPath('openclaw', script, { PATH: '/none' }).words).toEqual([process.execPath, script]);
    expect(programPath('openclaw', script, {}).words).toEqual([process.execPath, script]);
  });
});
