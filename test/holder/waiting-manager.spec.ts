import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';

import { findWaitingManager } from '../../src/holder/waiting-manager.js';
import { onCleanUp } from '../kit/cleaner.js';
import { until } from '../kit/deadline.js';
import { NO_OTHER_USER, OTHER_UID } from '../kit/other-user.js';
import { Program } from '../kit/program.js';
import { LINUX } from '../kit/sockets.js';
import { freePort } from '../kit/ports.js';
import { tempFolder } from '../kit/temp.js';

const soon = (): number => performance.now() + 60_000;

(LINUX ? describe : describe.skip)('a service manager that holds a port', () => {
  it('waits while no other process has the port', async () => {
    const { port, server, socket, pid } = await held('systemd');
    expect(await findWaitingManager('127.0.0.1', port, soon(), socket)).toBeUndefined();

    server.close();

    await until(
      10_000,
      'the end of our copy',
      async () => (await findWaitingManager('127.0.0.1', port, soon(), socket))?.pid === pid,
    );
  });

  it('is not any other program', async () => {
    const { port, server, socket } = await held('sleeper');
    server.close();

    expect(await findWaitingManager('127.0.0.1', port, soon(), socket)).toBeUndefined();
  });

  (NO_OTHER_USER === '' ? it : it.skip)(
    `has made the listener itself, whatever it is called${NO_OTHER_USER}`,
    async () => {
      const { program, socket } = sleeperNamed('systemd');
      const heir = Program.start(process.execPath, ['--eval', HANDS_ON, '--', String(OTHER_UID), program], {
        group: true,
      });
      const [, port] = await heir.output('stdout', /^port (\d+)$/m);

      expect(await findWaitingManager('127.0.0.1', Number(port), soon(), socket)).toBeUndefined();
    },
  );

  it.each([
    ['has a socket unit on it', 'printf "Listen=127.0.0.1:$PORT (Stream)\\nActiveState=active\\n"', true],
    [
      'keeps it for a service that it starts again',
      'printf "ActiveState=active\\n\\nNFileDescriptorStore=2\\nSubState=auto-restart\\n"',
      true,
    ],
    ['does not say in time', 'exec sleep 600', true],
    ['knows nothing of it', 'printf "Listen=127.0.0.1:1 (Stream)\\nActiveState=active\\n"', false],
    ['cannot be asked', 'exit 1', false],
  ])('is asked where this user may not look into it, and %s', async (_what, script, isWaiting) => {
    const { port, server, socket, pid } = await held('systemd', { isHidden: true });
    await once(server.close(), 'close');
    const folder = tempFolder();
    writeFileSync(join(folder, 'systemctl'), `#!/bin/sh\nPORT=${port}\n${script}\n`, { mode: 0o755 });
    const { PATH } = process.env;
    process.env['PATH'] = `${folder}:${PATH ?? ''}`;
    onCleanUp(() => (process.env['PATH'] = PATH));

    // The whole time passes only for one that does not say.
    const deadline = script.includes('sleep') ? performance.now() + 2_000 : soon();
    const found = await findWaitingManager('127.0.0.1', port, deadline, socket);

    expect(found?.pid).toBe(isWaiting ? pid : undefined);
  });

  it('is not one that has ended, and of which nothing is to be seen either', async () => {
    // Its parent never waits for it.
    const parent = spawn('sh', ['-c', '"$0" 0 & echo $!; exec sleep 600', sleeperNamed('systemd').program]);
    onCleanUp(() => parent.kill('SIGKILL'));
    const [ended] = (await once(parent.stdout, 'data')) as [Buffer];
    const stat = `/proc/${ended.toString().trim()}/stat`;
    await until(10_000, 'its end', () => readFileSync(stat, 'utf8').includes('(systemd) Z '));
    const { port, server, socket, pid } = await held('systemd');
    await once(server.close(), 'close');

    expect((await findWaitingManager('127.0.0.1', port, soon(), socket))?.pid).toBe(pid);
  });

  it('is not looked for where there is none, and not found on a free port', async () => {
    const { port, server } = await held('systemd');
    server.close();

    expect(await findWaitingManager('127.0.0.1', port, soon(), join(tempFolder(), 'none'))).toBeUndefined();
    expect(await findWaitingManager('127.0.0.1', await freePort(), soon(), tempFolder())).toBeUndefined();
  });
});

/** Another user listens, and a program of root's is left with the listener, as one that changes its user is. */
const HANDS_ON = `
  const [uid, program] = process.argv.slice(1);
  const server = require('node:net').createServer();
  process.seteuid(Number(uid));
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    process.seteuid(0);
    const stdio = ['ignore', 'ignore', 'ignore', server._handle.fd];
    require('node:child_process').spawn(program, ['600'], { stdio }).once('spawn', () => server.close(() => console.log('port ' + port)));
  });
  setInterval(() => undefined, 60_000);
`;

/** A program of this name that does nothing, and the file that says that there is a manager. */
function sleeperNamed(name: string): { readonly program: string; readonly socket: string } {
  const folder = tempFolder();
  const [program, socket] = [join(folder, name), join(folder, 'private')];
  copyFileSync('/bin/sleep', program);
  writeFileSync(socket, '');
  return { program, socket };
}

interface Held {
  readonly port: number;
  /** Our copy of the listener. */
  readonly server: Server;
  readonly socket: string;
  readonly pid: number | undefined;
}

/** A process of this name that has inherited a listener, and accepts nothing. */
async function held(name: string, { isHidden = false } = {}): Promise<Held> {
  const { program, socket } = sleeperNamed(name);
  const port = await freePort();
  const server = createServer();
  onCleanUp(() => server.close());
  await once(server.listen(port, '127.0.0.1'), 'listening');
  const { fd } = (server as Server & { _handle: { fd: number } })._handle;
  const stdio = ['ignore', 'ignore', 'ignore', fd] as const;
  // Root may look into all processes: of one without a first descriptor there is as little to be seen.
  const child = isHidden
    ? spawn('sh', ['-c', 'exec "$0" 600 <&-', program], { stdio: [...stdio] })
    : spawn(program, ['600'], { stdio: [...stdio] });
  await until(10_000, 'its name', () => readFileSync(`/proc/${child.pid}/comm`, 'utf8').trim() === name);
  const ended = once(child, 'close');
  onCleanUp(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { port, server, socket, pid: child.pid };
}
