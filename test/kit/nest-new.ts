import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bin, npm, pack, succeed } from './npm.js';
import { ROOT, type Program } from './program.js';

export type ModuleType = 'esm' | 'cjs';
export const MODULE_TYPES: readonly ModuleType[] = ['esm', 'cjs'];

/** What `nest new` adds and no test here runs. */
const UNUSED = ['@nestjs/mau', '@vitest/coverage-v8', 'oxlint', 'oxlint-tsgolint', 'prettier', 'source-map-support'];
/** What webpack needs through `nest build`, esbuild, and Jest on a Node on which it does not load ES modules. */
const FURTHER = [
  '@swc/core',
  '@swc/jest',
  'esbuild',
  'fork-ts-checker-webpack-plugin',
  'tsconfig-paths-webpack-plugin',
  'webpack',
  'webpack-node-externals',
];
/** Those of this project will do. */
const ANY_VERSION = ['@types/node', ...FURTHER];

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
}

/** Two projects of `nest new`, one of ES modules and one of CommonJS, with this package installed for both. */
export class NestProjects {
  folder = '';

  /** @returns what npm had to say when it installed this package */
  async make(): Promise<string[]> {
    this.folder = mkdtempSync(join(tmpdir(), 'openclaw-nest-new-'));
    const options = ['--language=ts', '--strict', '--no-dry-run', '--no-interactive'];
    for (const type of MODULE_TYPES) {
      const names = [`--name=${type}`, `--type=${type}`];
      await succeed(bin('schematics'), ['@nestjs/schematics:application', ...names, ...options], { cwd: this.folder });
      symlinkSync('../node_modules', this.file(type, 'node_modules'));
    }
    writeFileSync(join(this.folder, 'package.json'), JSON.stringify(manifestOf(this.folder)));
    await takeOverPackages(this.folder);
    const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock', '--prefer-offline'];
    const { tarball } = await pack(this.folder);
    const { stderr } = await npm(['install', ...flags, tarball, '@nestjs/websockets'], this.folder);
    // Some packages of Nest's own ask for a newer Node than 20.
    return stderr.split('\n').filter((line) => !/^(npm warn EBADENGINE.*)?$/.test(line));
  }

  file(type: ModuleType, path: string): string {
    return join(this.folder, type, path);
  }

  read(type: ModuleType, path: string): string {
    return readFileSync(this.file(type, path), 'utf8');
  }

  write(type: ModuleType, path: string, content: string): void {
    writeFileSync(this.file(type, path), content);
  }

  /** Replaces a text that has to be there. */
  edit(type: ModuleType, path: string, from: string | RegExp, to: string): void {
    const before = this.read(type, path);
    const after = before.replace(from, () => to);
    if (after === before) throw new Error(`${path} of nest new has no ${from}: ${before}`);
    this.write(type, path, after);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What both projects depend on. */
function manifestOf(folder: string): object {
  const [esm, cjs] = MODULE_TYPES.map(
    (type) => JSON.parse(readFileSync(join(folder, type, 'package.json'), 'utf8')) as Manifest,
  );
  const needed = Object.entries({ ...cjs?.devDependencies, ...esm?.devDependencies }).filter(
    ([name]) => !UNUSED.includes(name),
  );
  const devDependencies = {
    ...Object.fromEntries(needed),
    ...Object.fromEntries(ANY_VERSION.map((name) => [name, '*'])),
  };
  return { private: true, dependencies: esm?.dependencies, devDependencies };
}

/** npm keeps what is installed and fits, so that it asks the registry for next to nothing: here, what this project has. */
async function takeOverPackages(folder: string): Promise<void> {
  const [from, to] = [join(ROOT, 'node_modules'), join(folder, 'node_modules')];
  mkdirSync(to);
  const packages = readdirSync(from).filter((name) => !name.startsWith('.'));
  const copy = (how: string): Promise<Program> => succeed('cp', [how, '-t', to, '.bin', ...packages], { cwd: from });
  // Links take no time. npm replaces files, and writes into none, except the list of what is installed.
  await copy('-al').catch(() => copy('-a'));
  cpSync(join(from, '.package-lock.json'), join(to, '.package-lock.json'));
}
