import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Installs packages beside the project's own, once for each folder.
 *
 * @param folder relative to `node_modules/.cache`
 * @returns the `node_modules` they are in, relative to the project
 */
export function installApart(folder, packages) {
  const prefix = join('node_modules/.cache', folder);
  const installed = join(prefix, 'node_modules');
  const flags = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund'];
  if (!existsSync(installed)) run('npm', ['install', ...flags, '--prefix', prefix, ...packages]);
  return installed;
}

/** Runs a program on this terminal. If it fails, so does this process, with its exit code. */
export function run(command, args, env = process.env) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env });
  if (error) fail(error.message);
  if (status !== 0) process.exit(status ?? 1);
}

export function fail(text) {
  console.error(text);
  process.exit(64);
}
