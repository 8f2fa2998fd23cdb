import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

import { InputError } from '../lock/input.error.js';

export const STATE_VARIABLE = 'OPENCLAW_STATE_DIR';

/**
 * Where a gateway keeps what outlives it: `OPENCLAW_STATE_DIR`, or `~/.openclaw`. It need not be there yet.
 *
 * @throws {InputError} the variable is set and empty
 */
export function stateFolder(environment: NodeJS.ProcessEnv = process.env, home: () => string = homedir): string {
  const chosen = environment[STATE_VARIABLE];
  if (chosen === undefined) return join(home(), '.openclaw');
  if (chosen.trim() === '') {
    throw new InputError(`${STATE_VARIABLE}: "" is not a folder; give a path, or unset it for ~/.openclaw`);
  }
  return resolve(chosen);
}
