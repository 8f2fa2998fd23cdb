import { ConsoleLogger, type LogLevel } from '@nestjs/common';

import { InputError } from '../common/input.error.js';

/** Nest's console logger, with every level on stderr: stdout is for what a script reads. */
export class StderrLogger extends ConsoleLogger {
  /** Nest logs what a constructor throws, with its stack; a wrong input is reported once, by `runGateway`. */
  override error(message: unknown, ...rest: unknown[]): void {
    if (!(message instanceof InputError)) super.error(message, ...rest);
  }

  protected override printMessages(messages: unknown[], context?: string, logLevel?: LogLevel): void {
    super.printMessages(messages, context, logLevel, 'stderr');
  }
}
