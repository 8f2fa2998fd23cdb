import { Option } from 'nest-commander';

import { AddressCommand, type AddressFlags } from './address-command.js';
import { SERVING_FLAGS } from './gateway-flags.js';

export interface ServingFlags extends AddressFlags {
  allowHost?: string[];
  allowOrigin?: string[];
  verbose?: boolean;
}

/** A command that a gateway comes of, in the foreground or in the background. */
export abstract class ServingCommand extends AddressCommand {
  @Option(SERVING_FLAGS.allowHost)
  readAllowHost(host: string, hosts: string[] = []): string[] {
    return [...hosts, host];
  }

  @Option(SERVING_FLAGS.allowOrigin)
  readAllowOrigin(origin: string, origins: string[] = []): string[] {
    return [...origins, origin];
  }

  @Option(SERVING_FLAGS.verbose)
  readVerbose(): boolean {
    return true;
  }
}
