import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { until } from '../kit/deadline.js';
import { Load } from '../kit/load.js';
import { DEADLINE_MS, managedGateway, replaced, UNIT, unitOf } from '../kit/managed-gateway.js';
import { freePort, isFree } from '../kit/ports.js';
import { proven } from '../kit/proven.js';
import { NO_USER_MANAGER, UserManager } from '../kit/user-manager.js';

/** In a run of the whole suite; `TEST_KILLS=20` for a longer look. */
const KILLS = Number(process.env['TEST_KILLS'] ?? 4);
let kills = 0;
afterAll(() => proven(`${kills} kills and restarts under a service manager, and no connection was refused`));

(NO_USER_MANAGER ? describe.skip : describe)(`under a real systemd --user${NO_USER_MANAGER}`, () => {
  it('no connection is refused over crashes and restarts, none is cut off by a restart, and a stop frees the port', async () => {
    const { manager, port } = await managedGateway();
    const load = new Load(port);

    for (let kill = 0; kill < KILLS; kill++) await replaced(manager, () => manager.systemctl('kill', '-sKILL', UNIT));

    const { answered, refused } = await load.stop();
    expect(answered).toBeGreaterThan(0);
    expect(refused).toBe(0);
    const lasting = new Load(port);
    await replaced(manager, () => manager.systemctl('restart', UNIT));
    expect(await lasting.stop()).toMatchObject({ refused: 0, cutOff: 0 });
    kills += KILLS + 1;
    await manager.systemctl('stop', UNIT);
    expect(await isFree(port)).toBe(true);
    expect(await manager.property(UNIT, 'ActiveState')).toBe('inactive');
  });

  it('connections are refused over a crash where the manager keeps nothing', async () => {
    const { manager, port } = await managedGateway({ lines: 'FileDescriptorStoreMax=0' });
    const load = new Load(port);

    await replaced(manager, () => manager.systemctl('kill', '-sKILL', UNIT));

    expect((await load.stop()).refused).toBeGreaterThan(0);
  });

  it('another port is bound anew, and the one before is free', async () => {
    const { manager, port } = await managedGateway();
    const other = await freePort();
    await manager.unit(UNIT, unitOf(manager, other));

    await manager.systemctl('restart', UNIT);

    expect(await isFree(other)).toBe(false);
    expect(await isFree(port)).toBe(true);
    expect(await manager.property(UNIT, 'NFileDescriptorStore')).toBe('2');
  });

  it('a gateway that hangs is ended and started again', async () => {
    const { manager, port } = await managedGateway({ lines: 'WatchdogSec=1' });
    const load = new Load(port);

    await replaced(manager, () => manager.systemctl('kill', '-sSTOP', UNIT));

    expect((await load.stop()).refused).toBe(0);
  });

  it('a configuration that cannot be used ends it, frees the port, and leaves no connection waiting', async () => {
    const { manager, port } = await managedGateway();
    await manager.unit(UNIT, unitOf(manager, port, { flags: '--allow-host=http://' }));
    const load = new Load(port);

    await manager.systemctl('kill', '-sKILL', UNIT);

    await until(
      DEADLINE_MS,
      'the end of the unit',
      async () => (await manager.property(UNIT, 'ActiveState')) === 'failed',
    );
    expect(await manager.property(UNIT, 'ExecMainStatus')).toBe('64');
    expect(await isFree(port)).toBe(true);
    await load.stop();
  });

  it('one that dies again and again is given up, and its port is free', async () => {
    const { manager, port } = await managedGateway({ unit: 'StartLimitBurst=2\nStartLimitIntervalSec=300' });

    await replaced(manager, () => manager.systemctl('kill', '-sKILL', UNIT));
    await manager.systemctl('kill', '-sKILL', UNIT);

    await until(
      DEADLINE_MS,
      'the end of the unit',
      async () => (await manager.property(UNIT, 'ActiveState')) === 'failed',
    );
    expect(await isFree(port)).toBe(true);
  });

  it('one without IPv6 has its one address kept', async () => {
    const { manager, port } = await managedGateway({ ipv6: false });
    expect(await manager.property(UNIT, 'NFileDescriptorStore')).toBe('1');

    await replaced(manager, () => manager.systemctl('kill', '-sKILL', UNIT));

    expect(await manager.property(UNIT, 'NFileDescriptorStore')).toBe('1');
    expect((await manager.openclaw('status', '--port', port)).code).toBe(0);
  });

  it('what another process of the service tells is not believed', async () => {
    // In the control group of the gateway, as its children are. systemd-notify waits until the manager has read it.
    const told = 'systemd-notify --ready --status=mine MAINPID=$$$$ && touch %h/told';
    const { manager } = await managedGateway({
      lines: `ExecStartPost=/bin/sh -c "export NOTIFY_SOCKET=%t/systemd/notify; ${told}"`,
    });

    expect(existsSync(join(manager.home, 'told'))).toBe(true);
    expect(await manager.property(UNIT, 'StatusText')).toMatch(/^ready on /);
    expect(await manager.processes(UNIT)).toEqual([await manager.property(UNIT, 'MainPID')]);
  });

  it('a socket unit starts it on the first connection, and keeps the port', async () => {
    const manager = await UserManager.start();
    const port = await freePort();
    await manager.unit(UNIT, unitOf(manager, port));
    await manager.unit(
      'openclaw-gateway.socket',
      `[Socket]\nListenStream=127.0.0.1:${port}\nFileDescriptorName=gateway\nNoDelay=yes\n`,
    );
    await manager.systemctl('start', 'openclaw-gateway.socket');
    expect(await manager.property(UNIT, 'ActiveState')).toBe('inactive');

    const client = connect(port, '127.0.0.1');
    client.write('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    const [answer] = (await once(client, 'data')) as [Buffer];
    client.destroy();
    expect(answer.toString()).toMatch(/^HTTP\/1.1 /);
    expect(await manager.property(UNIT, 'NFileDescriptorStore')).toBe('0');

    const load = new Load(port);
    await replaced(manager, () => manager.systemctl('kill', '-sKILL', UNIT));
    expect((await load.stop()).refused).toBe(0);
  });

  it('a socket unit of another port is refused in one line', async () => {
    const manager = await UserManager.start();
    const port = await freePort();
    await manager.unit(UNIT, unitOf(manager, port));
    await manager.unit('openclaw-gateway.socket', `[Socket]\nListenStream=127.0.0.1:${port + 1}\n`);
    await manager.systemctl('start', 'openclaw-gateway.socket');

    await expect(manager.systemctl('start', UNIT)).rejects.toThrow();

    expect(await manager.property(UNIT, 'ExecMainStatus')).toBe('64');
    expect(readFileSync(join(manager.home, 'gateway.log'), 'utf8')).toBe(
      `the service manager listens on 127.0.0.1:${port + 1}, but this gateway is for 127.0.0.1:${port}: run openclaw gateway install again, or change the port back\n`,
    );
  });
});

(NO_USER_MANAGER ? describe.skip : describe)(`the commands, beside a real systemd --user${NO_USER_MANAGER}`, () => {
  it('restart, stop and show what the manager runs, and wake nothing', async () => {
    const manager = await UserManager.start();
    const port = await freePort();
    await manager.openclaw('install', '--socket', '--port', port);
    const first = await manager.property(UNIT, 'MainPID');

    expect(await manager.openclaw('restart')).toMatchObject({
      code: 0,
      stdout: `restarted: ${UNIT}, ready on ws://127.0.0.1:${port}\n`,
    });
    expect(await manager.property(UNIT, 'MainPID')).not.toBe(first);

    await manager.systemctl('stop', UNIT);
    const idle = await manager.openclaw('status', '--port', port);
    expect(idle.code).toBe(75);
    expect(idle.stdout).toMatch(
      new RegExp(
        `^No gateway is running on ws://127.0.0.1:${port}: a service manager holds it for one \\(waiting\\)$`,
        'm',
      ),
    );
    expect(idle.stdout).toContain(`held for ${UNIT} by systemd, which starts it on the first connection\n`);
    expect(idle.stdout).toMatch(
      /service +openclaw-gateway.service, inactive, enabled, .*, starts on the first connection$/m,
    );
    const second = await manager.openclaw('--port', port);
    expect(second.code).toBe(75);
    expect(second.stderr).toContain(`held for ${UNIT} by systemd, which starts it on the first connection\n`);
    expect(await manager.property(UNIT, 'ActiveState')).toBe('inactive');

    expect(await manager.openclaw('start')).toMatchObject({
      code: 0,
      stdout: `started: ${UNIT}, ready on ws://127.0.0.1:${port}\n`,
    });
    expect((await manager.openclaw('start')).stdout).toBe(`already there: ${UNIT}, ready on ws://127.0.0.1:${port}\n`);

    expect(await manager.openclaw('stop')).toMatchObject({ code: 0, stdout: `stopped: ${UNIT}\n` });
    expect(await isFree(port)).toBe(true);
    expect((await manager.openclaw('status', '--port', port)).code).toBe(3);
  });
});
