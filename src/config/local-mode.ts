import { InputError } from '../common/input.error.js';
import type { Configuration } from './configuration.js';

/**
 * Checks that a gateway is to run on this machine at all.
 *
 * @param isAllowed whether the operator has said so on the command line
 * @throws {InputError} the configuration file says that the gateway runs on another machine
 */
export function refuseRemoteMode({ file, isRemote = false }: Configuration, isAllowed = false): void {
  if (!isRemote || isAllowed) return;
  throw new InputError(
    `${file}: gateway.mode "remote" says that the gateway runs on another machine: set it to "local", or give --allow-unconfigured`,
  );
}
