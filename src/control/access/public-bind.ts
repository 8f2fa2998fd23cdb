import { InputError } from '../../common/input.error.js';
import { isLoopbackHost } from '../../listener/listen-address.js';

/**
 * For a gateway whose token nobody has chosen: it protects only as far as its file does.
 *
 * @throws {InputError} others than this machine can reach one of the hosts
 */
export function refusePublicBindWithoutToken(hosts: readonly string[]): void {
  const open = hosts.find((host) => !isLoopbackHost(host));
  if (open === undefined) return;
  throw new InputError(
    `refusing to bind ${open} without auth: others than this machine can reach it, so give a token of your own with --token or OPENCLAW_GATEWAY_TOKEN`,
  );
}
