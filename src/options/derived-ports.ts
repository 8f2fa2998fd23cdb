import { InputError } from '../common/input.error.js';
import { isWholeNumber } from '../common/whole-number.js';
import { MAX_PORT } from '../listener/listen-address.js';

/** A gateway has its port and the 19 that follow it to itself. */
const MAX_OFFSET = 19;

/** Further ports of a gateway: a name for each, and how much greater it is than the port of the gateway, 1 to 19. */
export type DerivedPorts = Readonly<Record<string, number>>;

/**
 * Checks that every derived port can exist, and has an offset of its own.
 *
 * @param basePort 0 where the port of the gateway is not known yet
 * @throws {InputError} one line that names the offset and the rule
 */
export function checkDerivedPorts(derived: DerivedPorts, basePort: number): void {
  const names = new Map<number, string>();
  for (const [name, offset] of Object.entries(derived)) {
    if (!isWholeNumber(offset, 1, MAX_OFFSET)) {
      throw new InputError(
        `derived.${name}: ${String(offset)} is not an offset: give a whole number from 1 to ${MAX_OFFSET}`,
      );
    }
    const other = names.get(offset);
    if (other !== undefined) {
      throw new InputError(`derived.${name}: ${offset} is the offset of ${other} too: give each one of its own`);
    }
    names.set(offset, name);
    derivedPort(basePort, name, offset);
  }
}

/** Whether a port has numbers above it for all of its derived ports. */
export function hasRoomFor(derived: DerivedPorts, basePort: number): boolean {
  return Object.values(derived).every((offset) => basePort + offset <= MAX_PORT);
}

/**
 * The number of a derived port.
 *
 * @throws {InputError} one line that names the offset and the rule
 */
export function derivedPort(basePort: number, name: string, offset: number): number {
  const port = basePort + offset;
  if (port <= MAX_PORT) return port;
  throw new InputError(`derived.${name}: ${basePort} + ${offset} is beyond ${MAX_PORT}: give a lower port or offset`);
}
