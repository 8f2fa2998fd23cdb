import { claimListener } from '../listener/claim-listener.js';
import type { ClaimedListener } from '../listener/claimed-listener.js';
import type { GatewayLockError } from '../listener/gateway-lock.error.js';
import { derivedPort, type DerivedPorts } from '../options/derived-ports.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';

/** The derived ports, lowest first. */
export function inOrder(derived: DerivedPorts): [name: string, offset: number][] {
  return Object.entries(derived).sort(([, one], [, other]) => one - other);
}

/**
 * Claims a derived port on the hosts of the port that it comes from.
 *
 * @throws {GatewayLockError} it is held, or cannot be bound
 * @throws {InputError} it would be beyond 65535
 */
export async function claimDerived(
  settings: GatewayLockSettings,
  base: ClaimedListener,
  name: string,
  offset: number,
): Promise<ClaimedListener> {
  const port = derivedPort(base.port, name, offset);
  try {
    return await claimListener({ ...settings, ...(settings.listener && { host: hostOf(base) }), port });
  } catch (error) {
    // The host was good enough for the base port, so the error cannot be about the host.
    throw (error as GatewayLockError).derivedFrom(base.port, name);
  }
}

/** The `host` that a listener was claimed with: the address beside its anchor, or the loopback pair. */
function hostOf({ addresses }: ClaimedListener): string {
  const hosts = addresses.map(({ host }) => host);
  return hosts.join() === '127.0.0.1,::1' ? 'localhost' : hosts.slice(-1).join();
}
