import { spawnSync } from 'node:child_process';

import { Program, type StartOptions } from './program.js';

type Arguments = readonly string[];

/** How this user can make namespaces: root at once, others as root of a user namespace of their own. */
function wayToUnshare(flags: Arguments, check: Arguments): Arguments | undefined {
  return [flags, ['-r', ...flags]].find((way) => spawnSync('unshare', [...way, ...check]).status === 0);
}

const NETWORK = wayToUnshare(['-n'], ['ip', 'link', 'set', 'lo', 'up']);

export const NO_NAMESPACES = NETWORK
  ? undefined
  : 'neither `unshare -n` nor `unshare -r -n` can make a network namespace here: run as root, or allow user namespaces';

/** Runs a script in a network namespace of its own, which has nothing but loopback, and goes when the script ends. */
export function inOwnNetwork(
  script: string,
  args: readonly (string | number)[],
  { ipv6 = true, ...options }: StartOptions & { readonly ipv6?: boolean } = {},
): Program {
  if (!NETWORK) throw new Error(NO_NAMESPACES);
  const prepare = ipv6 ? '' : 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 && ';
  const shell = ['sh', '-c', `ip link set lo up && ${prepare}exec "$@"`, 'sh'];
  return Program.start('unshare', [...NETWORK, ...shell, process.execPath, script, ...args.map(String)], options);
}

/** Runs a command in the network namespace of a program. */
function enter({ pid }: Program, command: Arguments): Arguments {
  const user = NETWORK?.includes('-r') ? ['-U', '--preserve-credentials'] : [];
  return ['-t', String(pid), ...user, '-n', ...command];
}

function change(program: Program, ...command: Arguments): void {
  const changed = spawnSync('nsenter', enter(program, command));
  if (changed.status !== 0) throw new Error(`${command.join(' ')} in the namespace: ${String(changed.stderr)}`);
}

/** Gives the network namespace of a program a further address. */
export function addAddress(program: Program, address: string): void {
  change(program, 'ip', 'address', 'add', address, 'dev', 'lo');
}

/** Switches IPv6 on or off in the network namespace of a program. Sockets that are bound stay so. */
export function switchIPv6(program: Program, on: boolean): void {
  change(program, 'sh', '-c', `echo ${on ? 0 : 1} > /proc/sys/net/ipv6/conf/all/disable_ipv6`);
}

/** Runs a script in the network namespace of a program. */
export function inNetworkOf(program: Program, script: string, args: readonly (string | number)[]): Program {
  return Program.start('nsenter', [...enter(program, [process.execPath, script, ...args.map(String)])]);
}

const PROCESSES = wayToUnshare(
  ['-p', '-f', '--mount-proc', '--kill-child'],
  ['sh', '-c', 'echo 1 > /proc/sys/kernel/ns_last_pid'],
);

export const NO_PID_NAMESPACES = PROCESSES
  ? undefined
  : 'neither `unshare -p` nor `unshare -r -p` can make a PID namespace here and choose its numbers: run as root, or allow user namespaces';

/** Runs a script as the first process of a PID namespace of its own, all of which is killed when the script ends. */
export function inOwnProcesses(script: string, args: readonly (string | number)[]): Program {
  if (!PROCESSES) throw new Error(NO_PID_NAMESPACES);
  return Program.start('unshare', [...PROCESSES, process.execPath, script, ...args.map(String)]);
}

const NO_PROC = ['sh', '-c', 'mount -t tmpfs none /proc && exec "$@"', 'sh'];
const UNSEEN = wayToUnshare(['-m', '-p', '-f', '--kill-child'], [...NO_PROC, 'true']);

export const NO_MOUNT_NAMESPACES = UNSEEN
  ? undefined
  : 'neither `unshare -m` nor `unshare -r -m` can hide /proc here: run as root, or allow user namespaces';

/** Runs a script where /proc says nothing, with processes of its own, all of which are killed when the script ends. */
export function withoutProc(script: string, args: readonly (string | number)[]): Program {
  if (!UNSEEN) throw new Error(NO_MOUNT_NAMESPACES);
  return Program.start('unshare', [...UNSEEN, ...NO_PROC, process.execPath, script, ...args.map(String)]);
}
