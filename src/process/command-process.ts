import './no-inspector.js';
import { complain } from './print.js';
import { describeError, ExitCode, exitCodeOf } from './exit-code.js';

// Unheard, what goes wrong with standard output would be a stack. It is told of at the end.
let heard: NodeJS.ErrnoException | undefined;
process.stdout.on('error', (error: NodeJS.ErrnoException) => (heard ??= error));

/**
 * Ends the process of a command that has printed what it was asked for: with a failure where the print has failed. A
 * reader that has gone has read all that it wanted.
 */
export function endCommand(code: number): never {
  // The event of the last print may be yet to come; after it, the stream is as if nothing had happened.
  const failure: NodeJS.ErrnoException | undefined = process.stdout.errored ?? heard;
  if (!failure || failure.code === 'EPIPE') process.exit(code);
  complain(`standard output cannot be written (${failure.code ?? failure.message})`);
  process.exit(code || ExitCode.UNEXPECTED);
}

/** Says what went wrong, and ends the process of a command with the exit code for it. */
export function failCommand(error: unknown): never {
  complain(describeError(error));
  endCommand(exitCodeOf(error));
}
