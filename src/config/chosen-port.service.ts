import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';

import { codeOf } from '../common/private-file.js';
import { ephemeralPorts, isEphemeral } from './ephemeral-ports.js';
import type { Profile } from './profile.js';
import { portFileOf, rememberPort } from './remembered-port.js';

/**
 * Keeps a named profile on the port that it has started on, and tells of a port that others may be given. In the
 * bootstrap, and so by the one who holds the lock: a start that is refused writes nothing.
 */
@Injectable()
export class ChosenPort implements OnApplicationBootstrap {
  readonly #logger = new Logger('Profile');

  constructor(
    private readonly profile: Profile,
    private readonly port: number,
  ) {}

  onApplicationBootstrap(): void {
    this.#warnIfEphemeral();
    this.#remember();
  }

  #warnIfEphemeral(): void {
    const ports = ephemeralPorts();
    if (!isEphemeral(this.port, ports)) return;
    this.#logger.warn(
      `port ${this.port} is one that the operating system gives to any program (${ports.first} to ${ports.last}), so that it may be taken at the next start: choose one outside with --port, or reserve it`,
    );
  }

  #remember(): void {
    const file = portFileOf(this.profile);
    if (file === undefined) return;
    try {
      rememberPort(file, this.port);
    } catch (error) {
      // It serves all the same, and without another --port the next start comes to the same one.
      this.#logger.warn(
        `${file}: port ${this.port} cannot be remembered (${codeOf(error)}): mend the folder, or set gateway.port in ${this.profile.configFile}`,
      );
    }
  }
}
