import { lstatSync, readdirSync, readFileSync } from 'node:fs';
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
    return {
      cwd: this.#cwd,
      env: { OPENCLAW_GATEWAY_TOKEN: undefined, ...env, HOME: this.#home, TMPDIR: this.#temp },
    };
  }

  /** The one that a gateway has made, and that clients of the same user find. */
  token(): string {
    return readFileSync(join(this.#home, '.openclaw/gateway.token'), 'utf8').trim();
  }

  snapshot(): string[] {
    return snapshot(this.#home, this.#temp, this.#cwd);
  }
}
