import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { onCleanUp } from '../kit/cleaner.js';
import { until } from '../kit/deadline.js';
import { Home } from '../kit/home.js';
import { portOf } from '../kit/net.js';
import { freePort } from '../kit/ports.js';
import { parse } from '../kit/openclaw.js';
import { LINUX } from '../kit/sockets.js';
import { tempFolder } from '../kit/temp.js';
import { TOKEN } from '../kit/token.js';

const DEADLINE_MS = 60_000;

/** Stands in for a browser: what it was started with ends up in a file. */
function fakeBrowser(): { env: NodeJS.ProcessEnv; opened: () => string } {
  const folder = tempFolder();
  const notes = join(folder, 'opened');
  writeFileSync(
    join(folder, 'xdg-open'),
    `#!/bin/sh\nprintf '%s' "$*" > '${notes}.part'; mv '${notes}.part' '${notes}'\n`,
  );
  chmodSync(join(folder, 'xdg-open'), 0o755);
  const env = { PATH: [folder, process.env['PATH']].join(delimiter), DISPLAY: ':0' };
  return { env, opened: () => (existsSync(notes) ? readFileSync(notes, 'utf8') : '') };
}

describe('openclaw gateway open', () => {
  it('--print prints the address with the token in its fragment, and opens nothing', async () => {
    const home = new Home();
    const { env, opened } = fakeBrowser();
    const port = await freePort();
    await home.serve(['gateway', '--port', port]);
    const token = readFileSync(join(home.stateFolder(), 'gateway.token'), 'utf8').trim();

    const { code, stdout } = await home.run(['gateway', 'open', '--print'], env);

    expect([code, stdout]).toEqual([0, `http://127.0.0.1:${port}/#token=${token}\n`]);
    expect(opened()).toBe('');
  });

  (LINUX ? it : it.skip)('opens a private file that leads there, since every user sees arguments', async () => {
    const home = new Home();
    const { env, opened } = fakeBrowser();
    const port = await freePort();
    await home.serve(['gateway', '--port', port]);
    const token = readFileSync(join(home.stateFolder(), 'gateway.token'), 'utf8').trim();

    const file = join(home.stateFolder(), 'open.html');
    const withoutScreen = { DISPLAY: '', WAYLAND_DISPLAY: '' };
    expect(parse((await home.run(['gateway', 'open', '--json'], withoutScreen)).stdout)).toMatchObject({
      opened: false,
    });
    expect(existsSync(file)).toBe(false);

    const { code, stdout } = await home.run(['gateway', 'open', '--json'], env);

    const address = `http://127.0.0.1:${port}/#token=${token}`;
    expect([code, parse(stdout)]).toEqual([0, { ok: true, url: address, opened: true, exitCode: 0 }]);
    await until(DEADLINE_MS, 'the browser', () => opened() !== '');
    expect(fileURLToPath(opened())).toBe(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toContain(`url=${address}"`);
  });

  (LINUX ? it : it.skip)('opens the page without the token where no file can be written', async () => {
    const home = new Home();
    const { env, opened } = fakeBrowser();
    const port = await freePort();
    await home.serve(['gateway', '--port', port]);
    const file = join(home.stateFolder(), 'open.html');
    mkdirSync(join(file, 'in the way'), { recursive: true });

    const { code, stderr } = await home.run(['gateway', 'open'], env);

    expect([code, stderr]).toEqual([0, `${file} cannot be written (EISDIR): the page asks for the token\n`]);
    await until(DEADLINE_MS, 'the browser', () => opened() !== '');
    expect(opened()).toBe(`http://127.0.0.1:${port}/`);
  });

  (LINUX ? it : it.skip)('writes a token that was given to it nowhere', async () => {
    const home = new Home();
    const { env, opened } = fakeBrowser();
    const port = await freePort();
    await home.serve(['gateway', '--port', port], { OPENCLAW_GATEWAY_TOKEN: TOKEN });

    const { stdout } = await home.run(['gateway', 'open'], { ...env, OPENCLAW_GATEWAY_TOKEN: TOKEN });

    expect(stdout).toBe(`http://127.0.0.1:${port}/#token=${TOKEN}\n`);
    await until(DEADLINE_MS, 'the browser', () => opened() !== '');
    expect(opened()).toBe(`http://127.0.0.1:${port}/`);
    expect(existsSync(join(home.stateFolder(), 'open.html'))).toBe(false);
  });

  it('shows the token to no other process, and says where there is no gateway', async () => {
    const home = new Home();
    const other = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
    onCleanUp(() => other.close());
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const env = { OPENCLAW_GATEWAY_TOKEN: TOKEN };

    const foreign = await home.run(['gateway', 'open', '--port', portOf(other)], env);
    const port = await freePort();
    const free = await home.run(['gateway', 'open', '--port', port], env);

    expect(foreign.code).not.toBe(0);
    expect(foreign.stdout + foreign.stderr).not.toContain(TOKEN);
    expect(foreign.stderr).toContain(`ws://127.0.0.1:${portOf(other)} cannot be opened: `);
    expect([free.stdout, free.stderr]).toEqual([
      '',
      `no gateway is running on ws://127.0.0.1:${port}: start it with openclaw gateway start --port ${port}\n`,
    ]);
  });
});
