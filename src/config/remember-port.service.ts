import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';

import { codeOf } from '../common/own-file.js';
import { ephemeralPorts, isEphemeral } from './ephemeral-ports.js';
import type { Profile } from './profile.js';
import { portFileOf, rememberPort } from './remembered-port.js';

/**
 * Keeps a named profile on the port that it was started on, and warns of a port that other programs may be given. It runs
 * in the bootstrap, with the lock held: a start that is refused writes nothing.
 */
@Injectable()
export class RememberPort implements OnApplicationBootstrap {
  readonly #logger = new Logger('gateway/profile');

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
      // The gateway serves all the same, and the next start takes the same port unless it is given another.
      this.#logger.warn(
        `${file}: port ${this.port} cannot be remembered (${codeOf(error)}): fix the folder, or set gateway.port in ${this.profile.configFile}`,
      );
    }
  }
}
