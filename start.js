import { spawnSync } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { changedSince } from './test/kit/built-from.js';

/**
 * `npm start`: compiles and runs the gateway as `nest start` does, but compiles only where the build is not up to date, and
 * runs it in this process. Before each start Nest compiles all, and to load what compiles takes it longer than a start.
 */
const ROOT = import.meta.dirname;
const STAMP = join(ROOT, 'dist/.built-from.json');
const CHECK_INTERVAL_MS = 500;

// A killed npm passes nothing on, and the gateway would keep the port as an orphan.
const npm = process.ppid;
const check = setInterval(() => {
  if (process.ppid === npm) return;
  clearInterval(check);
  process.kill(process.pid, 'SIGTERM');
}, CHECK_INTERVAL_MS);
check.unref();

if (!isBuilt()) {
  // What is compiled here may be taken back later, and the build would then look up to date.
  rmSync(STAMP, { force: true });
  const nest = join(ROOT, 'node_modules/@nestjs/cli/bin/nest.js');
  const { status } = spawnSync(process.execPath, [nest, 'build'], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
await import('./dist/main.js');

/** Whether the build is of these sources, and no `nest build` has written to it since. */
function isBuilt() {
  if (changedSince(ROOT, 'dist', 'src') !== undefined) return false;
  return statSync(join(ROOT, 'dist/main.js')).mtimeMs <= statSync(STAMP).mtimeMs;
}
