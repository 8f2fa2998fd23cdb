import { Option } from 'nest-commander';

import { AddressCommand, type AddressFlags } from './address-command.js';

export interface ServingFlags extends AddressFlags {
  allowHost?: string[];
  allowOrigin?: string[];
  verbose?: boolean;
}

/** A command that a gateway comes of, in the foreground or in the background. */
export abstract class ServingCommand extends AddressCommand {
  @Option({
    flags: '--allow-host <host>',
    description: 'a name that clients may call this gateway by, as host or host:port; may be repeated',
  })
  readAllowHost(host: string, hosts: string[] = []): string[] {
    return [...hosts, host];
  }

  @Option({
    flags: '--allow-origin <origin>',
    description: 'a web page that may connect, as https://app.example; may be repeated',
  })
  readAllowOrigin(origin: string, origins: string[] = []): string[] {
    return [...origins, origin];
  }

  @Option({ flags: '-v, --verbose', description: 'log all that happens, on stderr' })
  readVerbose(): boolean {
    return true;
  }
}
