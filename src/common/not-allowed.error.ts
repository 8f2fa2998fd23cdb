import { printable } from './printable.js';

/**
 * A file or a folder may not be used: another user owns it or may write it, or this user may not open it. The message is
 * one line: the path, what is wrong, and the command that mends it.
 */
export class NotAllowedError extends Error {
  override readonly name = 'NotAllowedError';
  /** The same for every one. */
  readonly code = 'not allowed';

  constructor(message: string) {
    super(printable(message));
  }
}
