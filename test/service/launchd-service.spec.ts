import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { installAgent, uninstallAgent, type LaunchdPlan } from '../../src/service/launchd-service.js';
import type { InstallOptions } from '../../src/service/systemd-service.js';
import { onCleanUp } from '../kit/cleaner.js';
import { tempFolder } from '../kit/temp.js';

const home = { folder: '' };
jest.mock('node:os', () => ({ ...jest.requireActual<object>('node:os'), homedir: () => home.folder }));

const LABEL = 'openclaw-gateway-lock.default';
const DOMAIN = `gui/${process.getuid?.() ?? 0}`;
const OPTIONS: InstallOptions = { socket: false, linger: false, force: false, start: true };
const PLAN: LaunchdPlan = {
  program: 'openclaw',
  profile: 'default',
  host: 'localhost',
  port: 18789,
  command: ['/usr/local/bin/node', '/usr/local/bin/openclaw', 'gateway', '--profile=default', '--port=18789'],
  logFile: '/Users/me/.openclaw/gateway.log',
};

/** A program in place of launchctl. It notes what it is told, and has the agent loaded from a bootstrap to a bootout. */
function fakeLaunchd(refusal = ''): { readonly agent: string; readonly told: () => string[] } {
  home.folder = tempFolder();
  const folder = tempFolder();
  const [log, loaded] = [join(folder, 'told'), join(folder, 'loaded')];
  writeFileSync(
    join(folder, 'launchctl'),
    `#!/bin/sh
[ "$1" = print ] || echo "$*" >>'${log}'
case "$1" in
print) test -e '${loaded}';;
bootstrap) ${refusal} touch '${loaded}';;
bootout) rm '${loaded}';;
esac
`,
    { mode: 0o755 },
  );
  const { PATH } = process.env;
  process.env['PATH'] = `${folder}:${PATH ?? ''}`;
  onCleanUp(() => (process.env['PATH'] = PATH));
  return {
    agent: join(home.folder, `Library/LaunchAgents/${LABEL}.plist`),
    told: () => {
      const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
      rmSync(log, { force: true });
      return lines;
    },
  };
}

(process.platform === 'win32' ? describe.skip : describe)('an agent of launchd', () => {
  it('is loaded once, changes nothing the second time, and is loaded anew when it changes', async () => {
    const { agent, told } = fakeLaunchd();

    expect((await installAgent(PLAN, OPTIONS)).changes).toMatchObject([{ path: agent, change: 'written' }]);
    expect(told()).toEqual([`bootstrap ${DOMAIN} ${agent}`]);
    const { mtimeMs } = statSync(agent);

    expect((await installAgent(PLAN, OPTIONS)).changes).toMatchObject([{ change: 'unchanged' }]);
    expect(told()).toEqual([]);
    expect(statSync(agent).mtimeMs).toBe(mtimeMs);

    await installAgent({ ...PLAN, command: ['/usr/local/bin/node'] }, OPTIONS);
    expect(told()).toEqual([`bootout ${DOMAIN}/${LABEL}`, `bootstrap ${DOMAIN} ${agent}`]);
  });

  it('waits for the next login where it is not to be started', async () => {
    const { agent, told } = fakeLaunchd();

    await installAgent(PLAN, { ...OPTIONS, start: false });

    expect(existsSync(agent)).toBe(true);
    expect(told()).toEqual([]);
  });

  it('is taken out before its file is removed, and is no error where there is none', async () => {
    const { agent, told } = fakeLaunchd();
    await installAgent(PLAN, OPTIONS);
    told();

    expect((await uninstallAgent(PLAN)).changes).toMatchObject([{ path: agent, change: 'removed' }]);
    expect(told()).toEqual([`bootout ${DOMAIN}/${LABEL}`]);
    expect(existsSync(agent)).toBe(false);
    expect((await uninstallAgent(PLAN)).changes).toEqual([]);
    expect(told()).toEqual([]);
  });

  it('that launchd refuses is an error in one line, with what it has said', async () => {
    const { agent } = fakeLaunchd('echo "Bootstrap failed: 5: Input/output error" >&2; exit 5;');

    await expect(installAgent(PLAN, OPTIONS)).rejects.toMatchObject({
      code: 'failed',
      message: `launchctl bootstrap ${DOMAIN} ${agent}: Bootstrap failed: 5: Input/output error`,
    });
  });
});
