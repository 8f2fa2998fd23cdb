import { join } from 'node:path';

import { InputError } from '../common/input.error.js';
import { codeOf, readIfThere, replaceWhole } from '../common/private-file.js';
import { DEFAULT_PROFILE } from '../options/holder.options.js';
import type { Given } from './port.js';
import type { Profile } from './profile.js';

/** In the state folder: the port in decimal digits, and a line break. */
const PORT_FILE = 'gateway.port';
/** What is longer is no port, and of no use in a message. In characters. */
const MAX_READ = 40;

/** Where a profile remembers its port; the default one does not, since its port is known to all. */
export function portFileOf({ name, stateFolder }: Profile): string | undefined {
  return name === DEFAULT_PROFILE ? undefined : join(stateFolder, PORT_FILE);
}

/**
 * The port that a profile has been started on before, for {@link choosePort} to judge.
 *
 * @throws {InputError} it cannot be read
 */
export function readRememberedPort(profile: Profile): Given {
  const file = portFileOf(profile);
  if (file === undefined) return { source: PORT_FILE, value: undefined };
  return { source: file, value: textOf(file)?.replace(/\n$/, '').slice(0, MAX_READ), wayOut: 'delete the file' };
}

/**
 * Writes a port down for the next start: whole or not at all, and only where another one stands.
 *
 * @throws {Error} the native one of the file system
 */
export function rememberPort(file: string, port: number): void {
  const text = `${port}\n`;
  if (textOf(file) !== text) replaceWhole(file, text);
}

function textOf(file: string): string | undefined {
  try {
    return readIfThere(file);
  } catch (error) {
    throw new InputError(`${file}: the remembered port cannot be read (${codeOf(error)}): mend the file, or delete it`);
  }
}
