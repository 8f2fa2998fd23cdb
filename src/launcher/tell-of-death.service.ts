import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';

import { lastChange, logFileIn } from './gateway-log.js';
import { describeDeath, LaunchHistory } from './launch-history.js';

/**
 * Says in the log of a gateway in the foreground that the last one in the background has died, as the launcher does for
 * those that it starts. It runs with the lock held: a start that is refused notes nothing.
 */
@Injectable()
export class TellOfDeath implements OnApplicationBootstrap {
  readonly #logger = new Logger('gateway/launcher');

  constructor(private readonly stateFolder: string) {}

  onApplicationBootstrap(): void {
    const lastSeen = lastChange(logFileIn(this.stateFolder));
    try {
      const died = LaunchHistory.read(this.stateFolder).notice();
      if (died) this.#logger.warn(describeDeath(died, lastSeen));
    } catch {
      // A file of the launcher that this user may not read is no reason not to serve.
    }
  }
}
