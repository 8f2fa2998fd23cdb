import { InputError } from '../common/input.error.js';
import type { ConfigFileState } from '../control/methods/control-methods.options.js';
import { readConfiguration } from './config-file.js';

/** Looks at a configuration file as the next start will find it: it may have been edited since this one. */
export async function examineConfiguration(file: string): Promise<ConfigFileState> {
  try {
    const { exists } = await readConfiguration(file);
    return { path: file, exists, valid: true, issues: [] };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { path: file, exists: true, valid: false, issues: [{ path: '', message: error.message }] };
  }
}
