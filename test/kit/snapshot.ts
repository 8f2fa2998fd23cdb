import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { tempFolder } from './temp.js';
import type { StartOptions } from './program.js';

/**
 * All that the folders hold, with sizes and times, and the folders themselves: a file that came and went shows in the
 * time of its folder.
 */
export function snapshot(...folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()].map((name) => {
      const path = join(folder, name);
      const { size, mtimeNs } = lstatSync(path, { bigint: true });
      return `${path} ${size} ${mtimeNs}`;
    }),
  );
}

/** The folders that a program could write to unasked, fresh, empty, and gone when the test ends. */
export class Surroundings {
  readonly #home = tempFolder();
  readonly #temp = tempFolder();
  readonly #cwd = tempFolder();

  options(env: NodeJS.ProcessEnv = {}): StartOptions {
    return { cwd: this.#cwd, env: { ...env, HOME: this.#home, TMPDIR: this.#temp } };
  }

  snapshot(): string[] {
    return snapshot(this.#home, this.#temp, this.#cwd);
  }
}
