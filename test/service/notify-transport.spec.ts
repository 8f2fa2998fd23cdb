import { chmodSync, mkdirSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ServiceManager } from '../../src/service/service-manager.js';
import { onCleanUp } from '../kit/cleaner.js';
import { tempFolder } from '../kit/temp.js';

// As where the optional package is not installed.
jest.mock('../../src/service/datagram-transport.js', () => ({
  openDatagramTransport: () => Promise.reject(new Error('Cannot find package koffi')),
}));

const complaints: string[] = [];
const complain = (line: string): void => void complaints.push(line);
beforeEach(() => complaints.splice(0));

describe('without koffi, a service manager is told', () => {
  it('through the descriptor that it has opened', async () => {
    const file = join(tempFolder(), 'notify');
    const descriptor = openSync(file, 'w');
    onCleanUp(() => closeSync(descriptor));
    const names = [...Array.from({ length: descriptor - 3 }, () => 'gateway'), 'notify'];
    const manager = new ServiceManager(
      {
        NOTIFY_SOCKET: '/none',
        LISTEN_PID: String(process.pid),
        LISTEN_FDS: String(names.length),
        LISTEN_FDNAMES: names.join(':'),
      },
      complain,
    );

    manager.ready('ready');
    await manager.read();

    expect(readFileSync(file, 'utf8')).toBe('READY=1\nSTATUS=ready');
    expect(complaints).toEqual([]);
  });

  it('by systemd-notify, with a line on what that takes', async () => {
    const { file, manager } = withPrograms('echo "$NOTIFY_SOCKET $*" >>"$TOLD"');

    manager.ready('ready');
    manager.alive();
    await manager.read();

    expect(readFileSync(file, 'utf8')).toBe(' --version\n/none READY=1\nSTATUS=ready\n/none WATCHDOG=1\n');
    expect(complaints).toEqual([
      'the service manager is told through systemd-notify, which its unit has to allow with NotifyAccess=all: install the optional package koffi (Cannot find package koffi)',
    ]);
  });

  it('not at all where there is no way, which is said once', async () => {
    const { manager } = withPrograms('exit 1');

    manager.ready('ready');
    manager.alive();
    await manager.read();

    expect(complaints).toEqual([
      expect.stringMatching(
        /^the service manager that started this gateway cannot be told of it \(Cannot find package koffi\);/,
      ),
    ]);
  });
});

/** With a program in place of systemd-notify. */
function withPrograms(script: string): { file: string; manager: ServiceManager } {
  const folder = tempFolder();
  const file = join(folder, 'told');
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/systemd-notify'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'bin/systemd-notify'), 0o755);
  const { PATH = '', TOLD } = process.env;
  process.env['PATH'] = `${join(folder, 'bin')}:${PATH}`;
  process.env['TOLD'] = file;
  onCleanUp(() => {
    process.env['PATH'] = PATH;
    if (TOLD === undefined) delete process.env['TOLD'];
  });
  return { file, manager: new ServiceManager({ NOTIFY_SOCKET: '/none' }, complain) };
}
