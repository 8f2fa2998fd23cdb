import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './program.js';
import { tempFolder } from './temp.js';

const SETTINGS = ['package.json', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json', '.swcrc'];
const FILES = [...SETTINGS, 'start.js', 'test/kit/built-from.js', 'src'];

/**
 * A copy of the project to build and start in: what runs from the checkout's own `dist` must not be touched.
 *
 * @param more of it, such as the build, with the times of its files
 */
export function copyOfProject(...more: readonly string[]): string {
  const folder = tempFolder();
  for (const file of [...FILES, ...more]) {
    cpSync(join(ROOT, file), join(folder, file), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}
