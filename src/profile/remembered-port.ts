import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { InputError } from '../lock/input.error.js';
import type { Given } from './port.js';
import { DEFAULT_PROFILE, type Profile } from './profile.js';

/** In the state folder: the port in decimal digits, and a line break. */
const PORT_FILE = 'gateway.port';
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
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
  if (textOf(file) === text) return;
  mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
  const temporary = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(temporary, text, { mode: PRIVATE_FILE, flag: 'wx', flush: true });
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new InputError(`${file}: the remembered port cannot be read (${code}): mend the file, or delete it`);
  }
}
