import { join } from 'node:path';

import { Program, ROOT, type StartOptions } from './program.js';

/** What comes over the network takes its time, and so does a compiler beside busy processes. */
const COMMAND_DEADLINE_MS = 180_000;

/** An executable of a package that this project has. */
export const bin = (name: string): string => join(ROOT, 'node_modules/.bin', name);

export async function succeed(command: string, args: string[], options: StartOptions = {}): Promise<Program> {
  const program = Program.start(command, args, options);
  const { code } = await program.exit(COMMAND_DEADLINE_MS);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${program.stdout}${program.stderr}`);
  return program;
}

/** npm needs the certificates, proxies and settings of the machine, and finds its own file elsewhere on another Node. */
export const npm = (args: string[], cwd: string): Promise<Program> => succeed('npm', args, { cwd, env: process.env });

export interface Packed {
  readonly tarball: string;
  /** What is in it. */
  readonly files: readonly string[];
}

/**
 * Makes the tarball that would be published, from the build that is there.
 *
 * @param folder for the tarball
 */
export async function pack(folder: string): Promise<Packed> {
  // Without scripts: the build they would make is there, and other tests run from it.
  const { stdout } = await npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder], ROOT);
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  return { tarball: join(folder, filename), files: files.map(({ path }) => path) };
}
