import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './program.js';
import { tempFolder } from './temp.js';

const FILES = ['package.json', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json', '.swcrc', 'src'];

/** A copy of the project to build and start in: what runs from the checkout's own `dist` must not be touched. */
export function copyOfProject(): string {
  const folder = tempFolder();
  for (const file of FILES) cpSync(join(ROOT, file), join(folder, file), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}
