import { InputError } from '../../common/input.error.js';

/** A shorter token can be guessed; a longer one is a mistake, such as a whole file. */
const TOKEN = /^[\x21-\x7e]{8,512}$/;

/**
 * @param source what to call it in the error, which does not show the token
 * @throws {InputError} one line
 */
export function checkToken(source: string, token: string): string {
  if (TOKEN.test(token)) return token;
  const what = token === '' ? 'is empty' : 'does not hold a token';
  throw new InputError(`${source} ${what}: give 8 to 512 printable ASCII characters without spaces`);
}
