import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { onCleanUp } from './cleaner.js';
import { until } from './deadline.js';
import type { Result } from './openclaw.js';
import { OTHER_UID } from './other-user.js';
import { Program, ROOT } from './program.js';
import { tempFolder } from './temp.js';

const END_MS = 60_000;
const SYSTEMD = '/lib/systemd/systemd';
/** Where cgroup v2 is beside v1, and where it is alone. */
const CGROUPS = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((folder) => existsSync(join(folder, 'cgroup.procs')));
const NAMESPACES = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--cgroup', '--uts', '--ipc'];
/** As root, a message to the manager passes that an ordinary user may not send: so the manager is an ordinary user's. */
const AS_USER = ['--reuid', String(OTHER_UID), '--regid', String(OTHER_UID), '--clear-groups'];
/** As pam_systemd(8) does from systemd 254 on: what such a manager has open, its user may not look at. */
const AS_MANAGER = [...AS_USER, '--inh-caps', '+wake_alarm', '--ambient-caps', '+wake_alarm'];

function whyNot(): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root, to be another user';
  if (!existsSync(SYSTEMD)) return 'needs the package systemd';
  if (CGROUPS === undefined) return 'needs cgroup v2';
  const user = ['setpriv', ...AS_USER, process.execPath, '--version'];
  const { status } = spawnSync('unshare', [
    ...NAMESPACES,
    '--',
    'sh',
    '-c',
    `mount -t tmpfs none /run && exec ${user.join(' ')}`,
  ]);
  if (status !== 0) return 'needs namespaces, and a Node that other users can run';
  return undefined;
}

/** Demanded with OPENCLAW_TEST_REQUIRE=user-manager, where a test that is skipped would be a failure unseen. */
const isRequired = (process.env['OPENCLAW_TEST_REQUIRE'] ?? '').split(',').includes('user-manager');
const reason = whyNot();
if (reason !== undefined && isRequired) throw new Error(`a systemd user manager cannot run here: it ${reason}`);

export interface ManagerOptions {
  /**
   * Without it, the manager is in a network of its own, where the processes of a test cannot reach its gateways.
   * @default true
   */
  readonly ipv6?: boolean;
}

/** Why tests with a real service manager are skipped, for their name; empty where they are not. */
export const NO_USER_MANAGER = reason === undefined ? '' : ` (a systemd user manager ${reason})`;

/**
 * A real `systemd --user` of an ordinary user, in namespaces of its own, with the network of the tests. All that it starts
 * is gone when the test ends.
 */
export class UserManager {
  /** The home of its user, fresh and empty. */
  readonly home: string;
  /** The command `openclaw` as that user may read it, with what it loads at runtime. */
  readonly bin: string;

  private constructor(
    private readonly program: Program,
    folder: string,
    private readonly namespaces: readonly string[],
  ) {
    this.home = join(folder, 'home');
    this.bin = join(folder, 'package/dist/bin/cli.cjs');
  }

  static async start({ ipv6 = true }: ManagerOptions = {}): Promise<UserManager> {
    const namespaces = ipv6 ? NAMESPACES : [...NAMESPACES, '--net'];
    const cgroup = join(CGROUPS ?? '', `openclaw-test-${process.pid}-${Math.random().toString(36).slice(2)}`);
    mkdirSync(cgroup);
    onCleanUp(() => until(END_MS, 'the end of all that the manager has started', () => removeCgroup(cgroup)));
    const folder = tempFolder();
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'home'));
    chownSync(join(folder, 'home'), OTHER_UID, OTHER_UID);
    copyPackage(join(folder, 'package'));
    const program = Program.start('sh', [
      '-c',
      `echo $$ >'${cgroup}/cgroup.procs' && exec unshare ${namespaces.join(' ')} -- sh -c "$1"`,
      'sh',
      ipv6 ? inside(join(folder, 'home')) : `${NO_IPV6}\n${inside(join(folder, 'home'))}`,
    ]);
    const manager = new UserManager(program, folder, namespaces);
    await program.output('stdout', /^up$/m);
    return manager;
  }

  /** Runs a command as the user of the manager, beside it. */
  async run(command: string, ...args: readonly (string | number)[]): Promise<Result> {
    return this.spawn(command, args).result();
  }

  /** The same, while it runs. */
  spawn(command: string, args: readonly (string | number)[], env: NodeJS.ProcessEnv = {}): Program {
    const entered = this.namespaces.filter((name) => ENTERED.includes(name));
    const enter = ['--target', String(this.#firstProcess()), ...entered, '--'];
    const variables = {
      HOME: this.home,
      OPENCLAW_GATEWAY_TOKEN: undefined,
      XDG_RUNTIME_DIR: RUNTIME,
      DBUS_SESSION_BUS_ADDRESS: `unix:path=${RUNTIME}/bus`,
      LANG: 'C.UTF-8',
      ...env,
    };
    // nsenter starts another process for a PID namespace, which its own end would leave behind.
    const user = ['setpriv', ...AS_USER, '--pdeathsig', 'KILL'];
    return Program.start('nsenter', [...enter, ...user, command, ...args.map(String)], {
      cwd: '/',
      env: variables,
    });
  }

  /** `systemctl --user`, which has to succeed. */
  async systemctl(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run('systemctl', '--user', ...args);
    if (code !== 0) throw new Error(`systemctl --user ${args.join(' ')}: ${code} ${stderr}`);
    return stdout.trim();
  }

  /** One property of a unit, as `systemctl show` has it. */
  async property(unit: string, name: string): Promise<string> {
    return this.systemctl('show', '--value', `--property=${name}`, unit);
  }

  /** Some of them, as they are at one moment. */
  async properties(unit: string, ...names: readonly string[]): Promise<Readonly<Record<string, string>>> {
    const lines = (await this.systemctl('show', `--property=${names.join(',')}`, unit)).split('\n');
    return Object.fromEntries(
      lines.map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
  }

  /** The processes of a unit, by the numbers that they have beside the manager. */
  async processes(unit: string): Promise<readonly string[]> {
    const group = await this.property(unit, 'ControlGroup');
    const { stdout } = await this.run('cat', `/sys/fs/cgroup${group}/cgroup.procs`);
    return stdout.split('\n').filter(Boolean);
  }

  /** `openclaw gateway` with these arguments, as the user of the manager. */
  openclaw(...args: readonly (string | number)[]): Promise<Result> {
    return this.run(process.execPath, this.bin, 'gateway', ...args);
  }

  /** Writes a unit of that user, and has the manager read it. */
  async unit(name: string, text: string): Promise<void> {
    const file = join(this.home, '.config/systemd/user', name);
    // As that user, whose commands write and look there too.
    await this.run('mkdir', '-p', dirname(file));
    writeFileSync(file, text);
    chownSync(file, OTHER_UID, OTHER_UID);
    await this.systemctl('daemon-reload');
  }

  #firstProcess(): number {
    const { pid } = this.program;
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
  }
}

/** The namespaces that a command enters as it is; the others are options of unshare(1) alone. */
const ENTERED = ['--mount', '--pid', '--cgroup', '--uts', '--ipc', '--net'];
const RUNTIME = `/run/user/${OTHER_UID}`;
const NO_IPV6 = 'ip link set lo up && echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6';

/** What the manager finds where it runs as one of a machine that has booted with systemd. */
function inside(home: string): string {
  return [
    'set -e',
    'mount --make-rprivate /',
    'mount -t tmpfs -o mode=755 tmpfs /run',
    'mount -t cgroup2 cgroup2 /sys/fs/cgroup',
    // sd_booted(3) asks for this folder.
    `mkdir -p /run/systemd/system ${RUNTIME} /sys/fs/cgroup/user`,
    `chmod 700 ${RUNTIME}`,
    // To move processes between cgroups takes the right to write in the one above both.
    `chown ${OTHER_UID} ${RUNTIME} /sys/fs/cgroup/user /sys/fs/cgroup/user/cgroup.procs /sys/fs/cgroup/cgroup.procs`,
    `export HOME='${home}' XDG_RUNTIME_DIR=${RUNTIME} LANG=C.UTF-8`,
    'unset OPENCLAW_GATEWAY_TOKEN OPENCLAW_STATE_DIR',
    `(echo 0 >/sys/fs/cgroup/user/cgroup.procs; exec setpriv ${AS_MANAGER.join(' ')} ${SYSTEMD} --user --log-target=console >/dev/null 2>&1) &`,
    `until [ -S ${RUNTIME}/systemd/private ]; do kill -0 $!; sleep 0.05; done`,
    'echo up',
    'wait',
  ].join('\n');
}

/** A checkout may lie where other users cannot read. */
function copyPackage(folder: string): void {
  const modules = readdirSync(join(ROOT, 'node_modules/@koromix')).map((name) => `@koromix/${name}`);
  const copied = ['package.json', 'dist/bin', ...['koffi', ...modules].map((name) => `node_modules/${name}`)];
  for (const path of copied) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  chmodSync(folder, 0o755);
}

/** @returns false while a process in it is yet to end, which has been told to */
function removeCgroup(folder: string): boolean {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory() && !removeCgroup(join(folder, entry.name))) return false;
    }
    rmdirSync(folder);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The manager may remove one itself in its last moment.
    if (code === 'ENOENT') return true;
    if (code === 'EBUSY') return false;
    throw error;
  }
}
