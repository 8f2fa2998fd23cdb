import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

import { GATEWAY_LOCK_SETTINGS } from '../../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../../options/gateway-lock.options.js';
import { watchLateness } from './timer-lateness.js';

/** How often the clock is looked at. */
const PERIOD_MS = 1_000;
/** How late that has to be. A stall that is shorter may go unseen, and one of twice as long never does. */
const STALL_MS = 1_000;

/** Notes in the log when the gateway has answered nothing for a while, since something kept its event loop busy. */
@Injectable()
export class StallWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('gateway');
  readonly #isWanted: boolean;
  #timer: NodeJS.Timeout | undefined;

  constructor(@Inject(GATEWAY_LOCK_SETTINGS) { protocol }: GatewayLockSettings) {
    this.#isWanted = protocol === 'openclaw';
  }

  onApplicationBootstrap(): void {
    if (!this.#isWanted) return;
    this.#timer = watchLateness(PERIOD_MS, (lateMs) => {
      if (lateMs < STALL_MS) return;
      this.#logger.warn(`the event loop stood still for ${seconds(lateMs)} s, in which nothing was answered`);
    });
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
