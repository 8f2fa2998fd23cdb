import { claimListener } from './listener/claim-listener.js';
import type { ClaimedListener } from './listener/claimed-listener.js';
import type { GatewayLockError } from './listener/gateway-lock.error.js';
import type { GatewayLockSettings } from './gateway-lock.options.js';

const MAX_OFFSET = 19;
const MAX_PORT = 65_535;

/** Ports that belong to a gateway's own, by name: how much greater they are. */
export type DerivedPorts = Readonly<Record<string, number>>;

/**
 * @param basePort 0 for one that is not known yet
 * @throws {RangeError} one line that names the offset and the rule
 */
export function checkDerivedPorts(derived: DerivedPorts, basePort: number): void {
  const names = new Map<number, string>();
  for (const [name, offset] of Object.entries(derived)) {
    if (!Number.isInteger(offset) || offset < 1 || offset > MAX_OFFSET) {
      throw new RangeError(`derived.${name}: ${offset} is not an offset: give a whole number from 1 to ${MAX_OFFSET}`);
    }
    const other = names.get(offset);
    if (other !== undefined) {
      throw new RangeError(`derived.${name}: ${offset} is the offset of ${other} too: give each one of its own`);
    }
    names.set(offset, name);
    derivedPort(basePort, name, offset);
  }
}

/** By offset, which is also by port. */
export function inOrder(derived: DerivedPorts): [name: string, offset: number][] {
  return Object.entries(derived).sort(([, one], [, other]) => one - other);
}

/**
 * Claims a derived port on the hosts of the port that it comes from.
 *
 * @throws {GatewayLockError} it is held, or cannot be bound
 * @throws {RangeError} it would be beyond 65535
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
    // The host was good for the port that it comes from.
    throw (error as GatewayLockError).derivedFrom(base.port, name);
  }
}

function derivedPort(basePort: number, name: string, offset: number): number {
  const port = basePort + offset;
  if (port <= MAX_PORT) return port;
  throw new RangeError(`derived.${name}: ${basePort} + ${offset} is beyond ${MAX_PORT}: give a lower port or offset`);
}

/** What a listener was claimed with: the address beside its anchor, or the loopback pair. */
function hostOf({ addresses }: ClaimedListener): string {
  const hosts = addresses.map(({ host }) => host);
  return hosts.join() === '127.0.0.1,::1' ? 'localhost' : hosts.slice(-1).join();
}
