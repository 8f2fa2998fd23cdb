import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';

import type { Configuration } from './configuration.js';

/** Names the keys of the configuration file that are not followed. In the bootstrap: a refusal has its own first line. */
@Injectable()
export class WarnOfConfiguration implements OnApplicationBootstrap {
  readonly #logger = new Logger('gateway/configuration');

  constructor(private readonly configuration: Configuration) {}

  onApplicationBootstrap(): void {
    for (const warning of this.configuration.warnings ?? []) this.#logger.warn(warning);
  }
}
