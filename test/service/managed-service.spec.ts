import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Holder } from '../../src/listener/holder.js';
import { marked } from '../../src/service/installed-file.js';
import { readJournal } from '../../src/service/journal.js';
import {
  findManagedService,
  isUnderManager,
  nameWaiting,
  startService,
  stopService,
} from '../../src/service/managed-service.js';
import { onCleanUp } from '../kit/cleaner.js';
import { LINUX } from '../kit/sockets.js';
import { tempFolder } from '../kit/temp.js';

const NAME = { program: 'openclaw', profile: 'default' };
const UNIT = 'openclaw-gateway.service';
const WAITING: Holder = { verdict: 'waiting', url: 'ws://127.0.0.1:18789', ownership: 'same user' };

/** Programs in place of those of systemd. They note their arguments, and answer `show` with what the test has written. */
function fakeSystemd({
  command = '/bin/sh /bin/sh gateway --port=18789',
  show = '',
  socket = 'inactive',
  rest = '',
} = {}): {
  readonly told: () => string[];
} {
  const folder = tempFolder();
  const units = join(folder, 'systemd/user');
  mkdirSync(units, { recursive: true });
  writeFileSync(join(units, UNIT), marked(`[Service]\nExecStart=${command}\n`, { open: '# ', close: '' }));
  if (socket === 'active') {
    for (const name of ['openclaw-gateway.socket', 'openclaw-gateway.ipv6.socket'])
      writeFileSync(join(units, name), '');
  }
  writeFileSync(join(folder, 'show'), show);
  writeFileSync(
    join(folder, 'systemctl'),
    `#!/bin/sh
shift 2
echo "$*" >>'${folder}/told'
case "$*" in
show*.socket) echo ActiveState=${socket};;
show*) cat '${folder}/show';;
*) :; ${rest}
esac
`,
    { mode: 0o755 },
  );
  writeFileSync(join(folder, 'journalctl'), `#!/bin/sh\nprintf 'one\\ntwo\\n'; echo "$*"; ${rest}\n`, { mode: 0o755 });
  const { PATH, XDG_CONFIG_HOME } = process.env;
  Object.assign(process.env, { PATH: `${folder}:${PATH ?? ''}`, XDG_CONFIG_HOME: folder });
  onCleanUp(() => {
    process.env['PATH'] = PATH;
    if (XDG_CONFIG_HOME === undefined) delete process.env['XDG_CONFIG_HOME'];
    else process.env['XDG_CONFIG_HOME'] = XDG_CONFIG_HOME;
  });
  return {
    told: () =>
      readFileSync(join(folder, 'told'), 'utf8')
        .split('\n')
        .filter((line) => !line.startsWith('show')),
  };
}

const ACTIVE = 'ActiveState=active\nSubState=running\nNRestarts=3\nUnitFileState=enabled\nStandardOutput=journal\n';

(LINUX ? describe : describe.skip)('the service of a gateway', () => {
  it('is found where an install has written it, with what systemd says of it', async () => {
    fakeSystemd({ show: ACTIVE });

    const service = await findManagedService(NAME, 18789);

    expect(service).toMatchObject({ unit: UNIT, state: 'active', restarts: 3, isEnabled: true, sockets: [] });
    expect(service && isUnderManager(service)).toBe(true);
    expect(service).not.toHaveProperty('missingFile');
    expect(service).not.toHaveProperty('next');
  });

  it('is another one on another port, and none of another profile', async () => {
    fakeSystemd({ show: ACTIVE });

    expect(await findManagedService(NAME, 1878)).toBeUndefined();
    expect(await findManagedService(NAME, 187899)).toBeUndefined();
    expect(await findManagedService({ ...NAME, profile: 'work' }, undefined)).toBeUndefined();
  });

  it('is shown with a file that is gone, and the file of its log', async () => {
    const logFile = join(tempFolder(), 'log');
    const { pid } = spawn('sleep', ['600'], { stdio: ['ignore', openSync(logFile, 'w'), 'ignore'] });
    onCleanUp(() => process.kill(pid ?? 0));
    fakeSystemd({
      command: '/bin/sh /none/cli.cjs gateway --port=18789',
      show: `ActiveState=inactive\nStandardOutput=append\nMainPID=${pid}\n`,
    });

    const service = await findManagedService(NAME, undefined);

    expect(service).toMatchObject({ missingFile: '/none/cli.cjs', logFile, state: 'inactive' });
    expect(service && isUnderManager(service)).toBe(false);
  });

  it('is what a port is held for, in the words of its manager', async () => {
    fakeSystemd({ show: 'ActiveState=inactive\nSubState=dead\n', socket: 'active' });

    expect(await nameWaiting(WAITING, NAME, 18789)).toEqual({
      ...WAITING,
      heldFor: `held for ${UNIT} by systemd, which starts it on the first connection`,
    });
    expect(await nameWaiting(WAITING, NAME, 1)).toBe(WAITING);
    const ready: Holder = { ...WAITING, verdict: 'ready' };
    expect(await nameWaiting(ready, NAME, 18789)).toBe(ready);
  });

  it('is stopped after its sockets, and started when its count is reset', async () => {
    const { told } = fakeSystemd({ show: `${ACTIVE}StatusText=ready on ws://127.0.0.1:18789\n`, socket: 'active' });
    const service = await findManagedService(NAME, 18789);
    if (!service) throw new Error('not found');

    await stopService(service);
    expect(await startService(service, 'restart')).toBe('ready on ws://127.0.0.1:18789');

    expect(told()).toEqual([
      `stop openclaw-gateway.socket openclaw-gateway.ipv6.socket ${UNIT}`,
      `reset-failed ${UNIT}`,
      `restart ${UNIT}`,
      '',
    ]);
  });

  it('that does not start is told with how it has ended', async () => {
    fakeSystemd({ show: `${ACTIVE}ExecMainStatus=64\nStatusText=\n`, rest: 'exit 1' });
    const service = await findManagedService(NAME, 18789);
    if (!service) throw new Error('not found');

    await expect(startService(service, 'start')).rejects.toMatchObject({
      code: 'not started',
      message: `${UNIT} did not start: it ended with 64; why: journalctl --user -u ${UNIT} -n 20`,
    });
  });
});

(LINUX ? describe : describe.skip)('the journal of a service', () => {
  const read = async (options: Partial<Parameters<typeof readJournal>[1]> = {}): Promise<string> => {
    const { signal } = new AbortController();
    let text = '';
    for await (const bytes of readJournal(UNIT, { follow: false, signal, ...options })) text += bytes.toString();
    return text;
  };

  it('is read as it was written', async () => {
    fakeSystemd();

    expect(await read({ lines: 7 })).toBe(
      `one\ntwo\n--user --unit=${UNIT} --output=cat --no-pager --quiet --lines=7\n`,
    );
    expect(await read({ follow: true })).toMatch(/--lines=all --follow\n$/);
  });

  it('that cannot be read is an error in one line', async () => {
    fakeSystemd({ rest: 'exit 3' });
    await expect(read()).rejects.toMatchObject({ message: 'the journal cannot be read: journalctl has ended with 3' });

    process.env['PATH'] = tempFolder();
    await expect(read()).rejects.toMatchObject({ code: 'not there', message: 'journalctl cannot be run (ENOENT)' });
  });

  it('is no longer followed once the signal is aborted', async () => {
    fakeSystemd({ rest: 'exec sleep 600' });
    const stop = new AbortController();
    const parts: string[] = [];

    for await (const bytes of readJournal(UNIT, { follow: true, signal: stop.signal })) {
      parts.push(bytes.toString());
      if (parts.join('').includes('--follow')) stop.abort();
    }

    expect(parts.join('')).toMatch(/^one\ntwo\n/);
  });
});
