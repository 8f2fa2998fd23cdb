import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from '../kit/openclaw.js';
import { freePort, isFree } from '../kit/ports.js';
import { NO_USER_MANAGER, UserManager } from '../kit/user-manager.js';

const UNIT = 'openclaw-gateway.service';

(NO_USER_MANAGER ? describe.skip : describe)(`openclaw gateway install${NO_USER_MANAGER}`, () => {
  it('has systemd run the gateway, changes nothing the second time, and is undone by uninstall', async () => {
    const manager = await UserManager.start();
    const port = await freePort();
    const file = join(manager.home, '.config/systemd/user', UNIT);
    const printed = await manager.openclaw('install', '--print', '--port', port);
    expect(existsSync(file)).toBe(false);

    expect(await manager.openclaw('install', '--port', port)).toMatchObject({ code: 0, stderr: '' });

    expect(readFileSync(file, 'utf8')).toBe(printed.stdout);
    expect(await manager.run('systemd-analyze', '--user', 'verify', file)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await manager.property(UNIT, 'StatusText')).toBe(`ready on ws://127.0.0.1:${port}`);
    expect(await manager.systemctl('is-enabled', UNIT)).toBe('enabled');

    const before = statSync(file).mtimeMs;
    const pid = await manager.property(UNIT, 'MainPID');
    expect((await manager.openclaw('install', '--port', port)).stdout).toMatch(new RegExp(`^unchanged: ${file}\n`));
    expect(statSync(file).mtimeMs).toBe(before);
    expect(await manager.property(UNIT, 'MainPID')).toBe(pid);

    expect(await manager.openclaw('uninstall')).toMatchObject({ code: 0, stdout: `removed: ${file}\n` });
    expect(readdirSync(join(manager.home, '.config/systemd/user'))).toEqual([]);
    expect(await isFree(port)).toBe(true);
    expect(await manager.openclaw('uninstall')).toMatchObject({ code: 0 });
  });

  it('loses no line of a person, replaces no file of another program, and writes no token', async () => {
    const manager = await UserManager.start();
    const port = await freePort();
    const folder = join(manager.home, '.config/systemd/user');
    const file = join(folder, UNIT);
    const install = (...flags: string[]): ReturnType<UserManager['openclaw']> =>
      manager.openclaw('install', '--no-start', '--port', port, ...flags);
    await manager.unit(UNIT, '[Service]\nExecStart=/bin/true\n');
    expect(await install()).toMatchObject({
      code: 69,
      stderr: `${file} was not written by install, and is left as it is: move it away first\n`,
    });

    // As the manager's user, so that the files are its own.
    await manager.run('rm', file);
    expect(await install()).toMatchObject({ code: 0 });
    writeFileSync(file, `${readFileSync(file, 'utf8')}Environment=MINE=1\n`);
    const refusal = await install();
    expect(refusal.code).toBe(64);
    expect(refusal.stderr).toBe(
      `${file} was changed by hand (+ Environment=MINE=1): put your lines into a drop-in (systemctl --user edit ${UNIT}), or give --force\n`,
    );
    mkdirSync(`${file}.d`);
    writeFileSync(join(`${file}.d`, 'mine.conf'), '[Service]\nEnvironment=MINE=1\n');
    const forced = await install('--force', '--json');
    expect(parse(forced.stdout)).toMatchObject({ ok: true, changes: [{ path: file, change: 'replaced' }] });
    expect(forced.stdout).toContain(`${file}.d/mine.conf counts too, and was left as it is`);
    expect(readdirSync(`${file}.d`)).toEqual(['mine.conf']);

    expect(await install('--token', 'abcdefgh12345678')).toMatchObject({ code: 64 });
    expect(await install('--env', 'OPENCLAW_GATEWAY_TOKEN')).toMatchObject({ code: 64 });
  });

  it('leaves a gateway that holds the port as it is', async () => {
    const manager = await UserManager.start();
    const port = await freePort();
    const gateway = manager.spawn(process.execPath, [manager.bin, 'gateway', '--port', port]);
    await gateway.output('stdout', /^gateway listening on/m);

    const refusal = await manager.openclaw('install', '--port', port);

    expect(refusal.code).toBe(78);
    expect(refusal.stderr).toMatch(
      new RegExp(
        `^another gateway instance is already listening on ws://127.0.0.1:${port}\n[^]*stop it +openclaw gateway stop`,
      ),
    );
    expect(existsSync(join(manager.home, '.config/systemd/user', UNIT))).toBe(false);
  });
});
