import { spawnSync } from 'node:child_process';

import { Program } from './program.js';

/** How this user can make a network namespace: root at once, others as root of a user namespace of their own. */
const UNSHARE = [['-n'], ['-r', '-n']].find(
  (flags) => spawnSync('unshare', [...flags, 'ip', 'link', 'set', 'lo', 'up']).status === 0,
);

export const NO_NAMESPACES = UNSHARE
  ? undefined
  : 'neither `unshare -n` nor `unshare -r -n` can make a network namespace here: run as root, or allow user namespaces';

/** Runs a script in a network namespace of its own, which has nothing but loopback, and goes when the script ends. */
export function inOwnNetwork(script: string, args: readonly (string | number)[], { ipv6 = true } = {}): Program {
  if (!UNSHARE) throw new Error(NO_NAMESPACES);
  const prepare = ipv6 ? '' : 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 && ';
  const shell = ['sh', '-c', `ip link set lo up && ${prepare}exec "$@"`, 'sh'];
  return Program.start('unshare', [...UNSHARE, ...shell, process.execPath, script, ...args.map(String)]);
}
