import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { Program, ROOT } from './program.js';
import type { Sample } from './samples.js';

const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

/** The settings that the compiler of Nest 12 has in a new project. */
const TSCONFIG = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2023',
    strict: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    skipLibCheck: true,
    types: ['node', 'jest'],
    rootDir: '.',
    outDir: 'dist',
  },
  exclude: ['dist', 'node_modules'],
};

/** Makes a folder a user's project that has this package, as it is built, and all that this package has, installed. */
export function makeProject(folder: string): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  symlinkSync(ROOT, join(modules, 'openclaw-gateway-lock'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
}

/** Writes a sample into a folder of a project, over what is there. */
export function writeSample(folder: string, sample: Sample): void {
  for (const [file, code] of sample) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), code);
  }
}

/**
 * Compiles all that is in a project, into `dist` in it.
 *
 * @throws {Error} what the compiler complains about
 */
export async function compile(folder: string): Promise<void> {
  const tsc = Program.node(TSC, ['--project', folder], { cwd: folder });
  const { code } = await tsc.exit(240_000);
  if (code !== 0) throw new Error(tsc.stdout);
}
