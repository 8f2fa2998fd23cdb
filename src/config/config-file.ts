// Apart from config-text.ts, so that a start without a configuration file does not load the parser.
import { InputError } from '../common/input.error.js';
import { NotAllowedError } from '../common/not-allowed.error.js';
import { codeOf, readIfThere } from '../common/own-file.js';
import type { Configuration } from './configuration.js';

/**
 * Reads a configuration file, and never writes one. A missing file is an empty configuration.
 *
 * @throws {NotAllowedError} it is neither this user's nor root's, others may write it, or this user may not read it
 * @throws {InputError} it cannot be read, is not JSON5, or a value in it is wrong; one line
 */
export async function readConfiguration(file: string): Promise<Configuration> {
  const text = readText(file);
  if (text === undefined) return { file, exists: false };
  // Most gateways have no such file, and need not wait for the parser.
  const { parseConfiguration } = await import('./config-text.js');
  return { file, exists: true, ...parseConfiguration(text, file) };
}

function readText(file: string): string | undefined {
  try {
    // Programs that keep configurations elsewhere put a link here, and root may make one for all users.
    return readIfThere(file, { links: true, orRoots: true });
  } catch (error) {
    if (error instanceof NotAllowedError) throw error;
    const code = codeOf(error);
    throw new InputError(
      code === 'EISDIR'
        ? `${file}: the configuration has to be a file, and this is a folder: move it away, or name another file with OPENCLAW_CONFIG_PATH`
        : `${file}: the configuration cannot be read (${code}): fix the file, or name another with OPENCLAW_CONFIG_PATH`,
    );
  }
}
