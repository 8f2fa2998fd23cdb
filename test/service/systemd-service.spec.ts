import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { installUnits, uninstallUnits, type InstallOptions } from '../../src/service/systemd-service.js';
import type { ServicePlan } from '../../src/service/systemd-unit.js';
import { onCleanUp } from '../kit/cleaner.js';
import { tempFolder } from '../kit/temp.js';

const SERVICE = 'openclaw-gateway.service';
const SOCKETS = 'openclaw-gateway.socket openclaw-gateway.ipv6.socket';
const OPTIONS: InstallOptions = { socket: false, linger: false, force: false, start: true };
const PLAN: ServicePlan = {
  program: 'openclaw',
  profile: 'default',
  host: 'localhost',
  port: 18789,
  command: ['/usr/bin/node', '/usr/bin/openclaw', 'gateway', '--profile=default', '--port=18789'],
};

/** Programs in place of those of systemd, which note what they are told. */
function fakeSystemd({ show = 'echo Version=257', start = 'true', loginctl = 'true' } = {}): {
  readonly units: string;
  readonly told: () => string[];
} {
  const folder = tempFolder();
  const log = join(folder, 'told');
  mkdirSync(join(folder, 'config'));
  const script = `#!/bin/sh
shift 2
case "$*" in show*) ${show}; exit;; esac
echo "$*" >>'${log}'
case "$*" in "start openclaw-gateway.ipv6.socket") ${start};; esac
`;
  writeFileSync(join(folder, 'systemctl'), script, { mode: 0o755 });
  writeFileSync(join(folder, 'loginctl'), `#!/bin/sh\n${loginctl}\n`, { mode: 0o755 });
  const { PATH, XDG_CONFIG_HOME, XDG_RUNTIME_DIR } = process.env;
  Object.assign(process.env, { PATH: `${folder}:${PATH ?? ''}`, XDG_CONFIG_HOME: join(folder, 'config') });
  onCleanUp(() => {
    for (const [name, value] of Object.entries({ PATH, XDG_CONFIG_HOME, XDG_RUNTIME_DIR })) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  });
  return {
    units: join(folder, 'config/systemd/user'),
    told: () => {
      const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
      rmSync(log, { force: true });
      return lines;
    },
  };
}

(process.platform === 'linux' ? describe : describe.skip)('the units of a gateway', () => {
  it('are started when they are written, and left alone the second time', async () => {
    const { told } = fakeSystemd();

    await installUnits(PLAN, OPTIONS);
    expect(told()).toEqual([
      'daemon-reload',
      `enable --quiet ${SERVICE}`,
      `reset-failed ${SERVICE}`,
      `restart ${SERVICE}`,
    ]);

    await installUnits(PLAN, OPTIONS);
    expect(told()).toEqual([`enable --quiet ${SERVICE}`, `reset-failed ${SERVICE}`, `start ${SERVICE}`]);
  });

  it('have their sockets bound anew while the service does not run, and taken away before it', async () => {
    const { told } = fakeSystemd();
    await installUnits(PLAN, { ...OPTIONS, socket: true });
    told();

    await installUnits({ ...PLAN, port: 18800 }, { ...OPTIONS, socket: true });
    expect(told()).toEqual([
      'daemon-reload',
      `stop ${SOCKETS} ${SERVICE}`,
      `enable --quiet ${SOCKETS} ${SERVICE}`,
      'start openclaw-gateway.socket',
      'start openclaw-gateway.ipv6.socket',
      `reset-failed ${SERVICE}`,
      `restart ${SERVICE}`,
    ]);

    await uninstallUnits(PLAN);
    expect(told()).toEqual([
      'disable --now --quiet openclaw-gateway.socket',
      'disable --now --quiet openclaw-gateway.ipv6.socket',
      `disable --now --quiet ${SERVICE}`,
      'daemon-reload',
      `reset-failed ${SOCKETS} ${SERVICE}`,
    ]);
  });

  it('go without a socket on [::1] where the machine has none, which is told', async () => {
    fakeSystemd({ start: 'exit 1' });

    const { warnings, status } = await installUnits(PLAN, { ...OPTIONS, socket: true });

    expect(status).toBeDefined();
    expect(warnings).toContain(
      'openclaw-gateway.ipv6.socket did not start, so systemd does not listen on [::1]: this machine may have no IPv6',
    );
  });

  const lingers = existsSync(`/var/lib/systemd/linger/${userInfo().username}`);
  (lingers ? it.skip : it)(
    'are started by no boot unless this user lingers, which root may have to turn on',
    async () => {
      fakeSystemd({ loginctl: 'echo "Could not enable linger: Access denied" >&2; exit 1' });
      const { username } = userInfo();

      expect((await installUnits(PLAN, OPTIONS)).warnings).toEqual([
        `it ends when ${username} logs out, and does not start at boot: give --linger, or: loginctl enable-linger`,
      ]);
      expect((await installUnits(PLAN, { ...OPTIONS, linger: true })).warnings).toEqual([
        `lingering could not be turned on (Could not enable linger: Access denied): ask root for: loginctl enable-linger ${username}`,
      ]);
    },
  );

  it.each([
    [
      undefined,
      /^XDG_RUNTIME_DIR is not set, as under sudo, su and cron, so the service manager of this user cannot be found: log in/,
    ],
    [
      '/none',
      /^the service manager of this user does not answer \(Failed to connect to bus: No medium found\): log in as this user, or/,
    ],
  ])('are not written where no manager answers; XDG_RUNTIME_DIR=%s', async (folder, message) => {
    const { units } = fakeSystemd({ show: 'echo "Failed to connect to bus: No medium found" >&2; exit 1' });
    Reflect.deleteProperty(process.env, 'XDG_RUNTIME_DIR');
    if (folder !== undefined) process.env['XDG_RUNTIME_DIR'] = folder;

    await expect(installUnits(PLAN, OPTIONS)).rejects.toMatchObject({
      code: 'not there',
      message: expect.stringMatching(message) as unknown,
    });
    expect(existsSync(units)).toBe(false);
  });

  it('are not for a machine without systemd', async () => {
    fakeSystemd();
    process.env['PATH'] = tempFolder();

    await expect(installUnits(PLAN, OPTIONS)).rejects.toMatchObject({
      code: 'not there',
      message:
        'systemctl cannot be run (ENOENT): this machine has no systemd; start the gateway in the background with start',
    });
  });
});
