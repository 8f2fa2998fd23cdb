import { ConsoleLogger, type LogLevel } from '@nestjs/common';

/** Nest's console logger, all of it on stderr: stdout is for what a script reads. */
export class StderrLogger extends ConsoleLogger {
  protected override printMessages(messages: unknown[], context?: string, logLevel?: LogLevel): void {
    super.printMessages(messages, context, logLevel, 'stderr');
  }
}
