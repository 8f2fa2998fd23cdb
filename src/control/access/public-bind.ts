// Apart from authenticator.service.ts, so that a start that is refused does not load Nest.
import { InputError } from '../../common/input.error.js';
import { isLoopbackHost } from '../../listener/listen-address.js';

/**
 * Checks the hosts of a gateway that makes its own token: that token is meant for this machine, where its file is.
 *
 * @throws {InputError} other machines can reach one of the hosts
 */
export function refusePublicBindWithoutToken(hosts: readonly string[]): void {
  const open = hosts.find((host) => !isLoopbackHost(host));
  if (open === undefined) return;
  throw new InputError(
    `refusing to bind ${open} without auth: others than this machine can reach it, so give a token of your own with --token or OPENCLAW_GATEWAY_TOKEN`,
  );
}
