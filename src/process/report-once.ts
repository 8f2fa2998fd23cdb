import { Logger } from '@nestjs/common';

import { isForPeople } from './exit-code.js';

/**
 * Nest logs what a constructor or a factory throws with its stack, whichever logger the app has. An error that was written
 * for people is reported once, in its own words, so it is kept from all loggers while the app is made.
 */
export async function reportOnce<App>(createApp: () => Promise<App>): Promise<App> {
  const log = Object.getOwnPropertyDescriptor(Logger.prototype, 'error')?.value as Logger['error'];
  Logger.prototype.error = function error(this: Logger, message: unknown, ...rest: unknown[]): void {
    if (!isForPeople(message)) Reflect.apply(log, this, [message, ...rest]);
  };
  try {
    return await createApp();
  } finally {
    Logger.prototype.error = log;
  }
}
