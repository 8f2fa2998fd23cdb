import { join } from 'node:path';

import { InputError } from '../common/input.error.js';
import { NotAllowedError } from '../common/not-allowed.error.js';
import { codeOf, readIfThere } from '../common/own-file.js';
import { removeTemporariesOf, replaceWhole } from '../common/private-file.js';
import { DEFAULT_PROFILE } from '../options/holder.options.js';
import type { Place } from './place.js';
import type { Profile } from './profile.js';

/** In the state folder: the port in decimal digits, and a line break. */
const PORT_FILE = 'gateway.port';
/** In characters: a longer text is not a port, and would only fill the message. */
const MAX_READ = 40;

/** The file where a profile remembers its port. The default profile has none, since its port never changes. */
export function portFileOf({ name, stateFolder }: Profile): string | undefined {
  return name === DEFAULT_PROFILE ? undefined : join(stateFolder, PORT_FILE);
}

/**
 * The port that a profile was started on before, as text for `choosePort` to check.
 *
 * @throws {NotAllowedError} another user owns the file or may write it, or this user may not read it
 * @throws {InputError} it cannot be read
 */
export function readRememberedPort(profile: Profile): Place<string> {
  const file = portFileOf(profile);
  if (file === undefined) return { source: PORT_FILE, value: undefined };
  return { source: file, value: readPortFile(file)?.replace(/\n$/, '').slice(0, MAX_READ), wayOut: 'delete the file' };
}

/**
 * Writes a port for the next start: whole or not at all, and only where the file says another.
 *
 * @throws {Error} the native error of the file system
 */
export function rememberPort(file: string, port: number): void {
  removeTemporariesOf(file);
  const text = `${port}\n`;
  if (readPortFile(file) !== text) replaceWhole(file, text);
}

function readPortFile(file: string): string | undefined {
  try {
    return readIfThere(file);
  } catch (error) {
    if (error instanceof NotAllowedError) throw error;
    throw new InputError(`${file}: the remembered port cannot be read (${codeOf(error)}): fix the file, or delete it`);
  }
}
