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

/** @throws {RangeError} one line that names the offset and the rule */
export function derivedPort(basePort: number, name: string, offset: number): number {
  const port = basePort + offset;
  if (port <= MAX_PORT) return port;
  throw new RangeError(`derived.${name}: ${basePort} + ${offset} is beyond ${MAX_PORT}: give a lower port or offset`);
}
