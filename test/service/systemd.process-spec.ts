import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { until } from '../kit/deadline.js';
import { Load } from '../kit/load.js';
import { freePort, isFree } from '../kit/ports.js';
import { Operator } from '../kit/operator.js';
import { parse } from '../kit/openclaw.js';
import { proven } from '../kit/proven.js';
import { NO_USER_MANAGER, UserManager } from '../kit/user-manager.js';

const UNIT = 'openclaw-gateway.service';
const DEADLINE_MS = 60_000;
/** `npm run bench -- restart` has twenty. */
const KILLS = 4;

const HANDOVERS = 3;

let kills = 0;
let handovers = 0;
afterAll(() => proven(`${kills} kills and restarts under a service manager, and no connection was refused`));
afterAll(() => proven(`${handovers} hand-overs to a new process, and no connection was refused or cut off`));

(NO_USER_MANAGER ? describe.skip : describe)(`under a real systemd --user${NO_USER_MANAGER}`, () => {
  it('no connection is refused over crashes and restarts, and a stop frees the port', async () => {
    const { manager, port } = await started();
    const load = new Load(port);

    for (let kill = 0; kill < KILLS; kill++) await replaced(manager, () => manager.systemctl('kill', '-sKILL', UNIT));
    await replaced(manager, () => manager.systemctl('restart', UNIT));

    const { answered, refused } = await load.stop();
    expect(answered).toBeGreaterThan(0);
    expect(refused).toBe(0);
    kills += KILLS + 1;
    await manager.systemctl('stop', UNIT);
    expect(await isFree(port)).toBe(true);
    expect(await manager.property(UNIT, 'ActiveState')).toBe('inactive');
  });

  it('connections are refused over a crash where the manager keeps nothing', async () => {
    const { manager, port } = await started({ lines: 'FileDescriptorStoreMax=0' });
    const load = new Load(port);

    await replaced(manager, () => manager.systemctl('kill', '-sKILL', UNIT));

    expect((await load.stop()).refused).toBeGreaterThan(0);
  });

  it('another port is bound anew, and the one before is free', async () => {
    const { manager, port } = await started();
    const other = await freePort();
    await manager.unit(UNIT, unitOf(manager, other));

    await manager.systemctl('restart', UNIT);

    expect(await isFree(other)).toBe(false);
    expect(await isFree(port)).toBe(true);
    expect(await manager.property(UNIT, 'NFileDescriptorStore')).toBe('2');
  });

  it('a gateway that hangs is ended and started again', async () => {
    const { manager, port } = await started({ lines: 'WatchdogSec=1' });
    const load = new Load(port);

    await replaced(manager, () => manager.systemctl('kill', '-sSTOP', UNIT));

    expect((await load.stop()).refused).toBe(0);
  });

  it('a configuration that cannot be used ends it, frees the port, and leaves no connection waiting', async () => {
    const { manager, port } = await started();
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
    const { manager, port } = await started({ unit: 'StartLimitBurst=2\nStartLimitIntervalSec=300' });

    await replaced(manager, () => manager.systemctl('kill', '-sKILL', UNIT));
    await manager.systemctl('kill', '-sKILL', UNIT);

    await until(
      DEADLINE_MS,
      'the end of the unit',
      async () => (await manager.property(UNIT, 'ActiveState')) === 'failed',
    );
    expect(await isFree(port)).toBe(true);
  });

  it('a hand-over refuses no connection, cuts none off, and has WebSocket clients come back', async () => {
    const { manager, port } = await started();
    const token = readFileSync(join(manager.home, '.openclaw/gateway.token'), 'utf8').trim();
    const load = new Load(port);

    for (let handover = 0; handover < HANDOVERS; handover++) {
      const operators = [
        await Operator.open(`ws://127.0.0.1:${port}`, { token }),
        await Operator.open(`ws://[::1]:${port}`, { token }),
      ];
      const { code, stdout } = await manager.openclaw('restart', '--handover', '--json');
      expect(code).toBe(0);
      expect(await manager.property(UNIT, 'MainPID')).toBe(String(parse(stdout)['pid']));
      for (const operator of operators) expect((await operator.close()).code).toBe(1012);
    }

    const { answered, refused, cutOff } = await load.stop();
    expect(answered).toBeGreaterThan(0);
    expect({ refused, cutOff }).toEqual({ refused: 0, cutOff: 0 });
    expect(await manager.property(UNIT, 'NRestarts')).toBe('0');
    // The manager watches the new process as it did the first one.
    await replaced(manager, () => manager.systemctl('kill', '-sKILL', UNIT));
    handovers += HANDOVERS;
  });

  it('a new process that cannot start leaves the gateway and its clients as they are', async () => {
    const { manager, port } = await started();
    const token = readFileSync(join(manager.home, '.openclaw/gateway.token'), 'utf8').trim();
    const pid = await manager.property(UNIT, 'MainPID');
    const operator = await Operator.open(`ws://127.0.0.1:${port}`, { token });
    writeFileSync(join(manager.home, '.openclaw/openclaw.json'), '{ "gateway": { "port": "x" } }');

    const { ok, error } = await operator.call('gateway.handover');

    expect(ok).toBe(false);
    expect(error?.message).toContain('the new gateway ended with 64, and this one goes on');
    expect(await manager.property(UNIT, 'MainPID')).toBe(pid);
    expect((await operator.call('health')).ok).toBe(true);
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
    expect(idle.stdout).toContain(`service  ${UNIT}, inactive, enabled, starts on the first connection`);
    expect(await manager.property(UNIT, 'ActiveState')).toBe('inactive');

    expect(await manager.openclaw('stop')).toMatchObject({ code: 0, stdout: `stopped: ${UNIT}\n` });
    expect(await isFree(port)).toBe(true);
    expect((await manager.openclaw('status', '--port', port)).code).toBe(3);
  });
});

interface UnitOptions {
  /** Further flags of the gateway. */
  readonly flags?: string;
  /** Further lines of its section, which count in place of those before them. */
  readonly lines?: string;
  readonly unit?: string;
}

async function started(options: UnitOptions = {}): Promise<{ readonly manager: UserManager; readonly port: number }> {
  const manager = await UserManager.start();
  const port = await freePort();
  await manager.unit(UNIT, unitOf(manager, port, options));
  await manager.systemctl('start', UNIT);
  return { manager, port };
}

/** Waits until another process is the gateway, and is ready. */
async function replaced(manager: UserManager, end: () => Promise<unknown>): Promise<void> {
  const before = await manager.property(UNIT, 'MainPID');
  await end();
  await until(DEADLINE_MS, 'the next gateway', async () => {
    const [pid, state] = [await manager.property(UNIT, 'MainPID'), await manager.property(UNIT, 'ActiveState')];
    return pid !== before && pid !== '0' && state === 'active';
  });
}

function unitOf({ bin }: UserManager, port: number, { flags = '', lines = '', unit = '' }: UnitOptions = {}): string {
  return `[Unit]
${unit}
[Service]
Type=notify
NotifyAccess=main
ExecStart=${process.execPath} ${bin} gateway --port=${port} ${flags}
StandardOutput=append:%h/gateway.log
StandardError=append:%h/gateway.log
FileDescriptorStoreMax=64
Restart=on-failure
RestartSec=200ms
RestartPreventExitStatus=64 69 71 77 78 203
SuccessExitStatus=130 143
KillMode=mixed
LimitCORE=0
${lines}
`;
}
