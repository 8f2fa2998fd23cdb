import { setImmediate as turn } from 'node:timers/promises';

import { complain } from './print.js';
import { ExitCode } from './exit-code.js';

/** Notes what goes wrong with standard output, which Node tells in an event: unheard, it would be a stack. */
export class OutputWatch {
  #failure: NodeJS.ErrnoException | undefined;

  constructor() {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => (this.#failure ??= error));
  }

  /**
   * The exit code of a command that has printed what it was asked for: a failure where the print has failed. A reader that
   * has gone has read all that it wanted.
   */
  async exitCode(code: number): Promise<number> {
    await turn();
    if (!this.#failure || this.#failure.code === 'EPIPE') return code;
    complain(`standard output cannot be written (${this.#failure.code ?? this.#failure.message})`);
    return code || ExitCode.UNEXPECTED;
  }
}
