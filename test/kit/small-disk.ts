import { spawnSync } from 'node:child_process';

import { Program } from './program.js';

const MOUNT = ['-m', 'sh', '-c', 'mount -t tmpfs -o "$0" none "$1" && cd "$1" && shift && exec sh -c "$@"'];

export const NO_SMALL_DISK =
  spawnSync('unshare', [...MOUNT, 'size=64k', '/mnt', 'true', 'sh']).status === 0
    ? ''
    : ' (`unshare -m` can mount no small disk here: run as root)';

/**
 * Runs a shell script in a folder that is a disk of its own, as small as the options of tmpfs(5) say. It is seen by this
 * script alone, and goes with it.
 */
export function onSmallDisk(
  folder: string,
  options: string,
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Program {
  return Program.start('unshare', [...MOUNT, options, folder, script, 'sh', ...args], { env });
}
