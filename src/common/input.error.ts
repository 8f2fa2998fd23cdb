import { printable } from './printable.js';

/** A value that a person or a script has given is wrong. The message is one line: the value, the rule, the way out. */
export class InputError extends Error {
  override readonly name = 'InputError';
  /** The same for every one. */
  readonly code = 'INVALID_INPUT';

  constructor(message: string) {
    // It shows values from files and variables, which may hold what a terminal would obey.
    super(printable(message));
  }
}
