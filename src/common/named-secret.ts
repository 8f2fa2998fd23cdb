import { InputError } from './input.error.js';
import { NotAllowedError } from './not-allowed.error.js';
import { codeOf, readIfThere } from './own-file.js';

/**
 * The text of a file that an operator has named for a secret. Unlike a file in the state folder, it may be a link, and
 * root's: what passes secrets on to services and containers makes such files.
 *
 * @param source what names it, for errors
 * @param secret what it holds, for errors
 * @throws {NotAllowedError} it is neither this user's nor root's, others may write it, or this user may not read it
 * @throws {InputError} it is missing, or cannot be read
 */
export function readNamedSecret(source: string, file: string, secret: string): string {
  const wayOut = `name a file that holds ${secret}`;
  let text: string | undefined;
  try {
    text = readIfThere(file, { links: true, orRoots: true });
  } catch (error) {
    if (error instanceof NotAllowedError) throw error;
    throw new InputError(`${source}: ${file} cannot be read (${codeOf(error)}): ${wayOut}`);
  }
  if (text === undefined) throw new InputError(`${source}: there is no ${file}: ${wayOut}`);
  return text.trim();
}
