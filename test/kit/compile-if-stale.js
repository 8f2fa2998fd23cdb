import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

import { changedSince } from './built-from.js';

// Compiles unless the build that is there is of these sources, and later than all else that has a part in it: in a fresh
// checkout `npm ci` has just made it. Run from the root of the project.
const STAMP = 'dist/.built-from.json';
const PARTS = [
  ...['.swcrc', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json', 'package.json'],
  ...['bundle.js', 'bundle-parts.js', 'code-cache.js'],
  // Written anew by each install.
  'node_modules/.package-lock.json',
  // Nest alone, without the bundles, is later too where `npm start` has compiled.
  'dist/main.js',
];

const time = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
const isUpToDate =
  changedSince(process.cwd(), 'dist', 'src') === undefined && PARTS.every((path) => time(path) <= time(STAMP));
if (!isUpToDate) {
  const { status } = spawnSync(process.execPath, [process.env.npm_execpath, 'run', 'compile'], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
