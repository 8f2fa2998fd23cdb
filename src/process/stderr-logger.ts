import { ConsoleLogger, type LogLevel } from '@nestjs/common';

import { InputError } from '../common/input.error.js';

/** Nest's console logger, all of it on stderr: stdout is for what a script reads. */
export class StderrLogger extends ConsoleLogger {
  /** Nest logs what a constructor throws, with its stack; what a person gave wrong is said once, by whoever runs the app. */
  override error(message: unknown, ...rest: unknown[]): void {
    if (!(message instanceof InputError)) super.error(message, ...rest);
  }

  protected override printMessages(messages: unknown[], context?: string, logLevel?: LogLevel): void {
    super.printMessages(messages, context, logLevel, 'stderr');
  }
}
