import { readFileSync } from 'node:fs';

import { MAX_PORT } from '../listener/listen-address.js';

/** Both ends are included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** The ports that an operating system gives to programs that ask for any (ip(7), ip_local_port_range). */
export interface EphemeralPorts extends PortRange {
  /** Ports within the range that are only given to a program that names them. */
  readonly reserved: readonly PortRange[];
}

/** RFC 6335, section 6; macOS and Windows keep to it. */
export const IANA_RANGE: EphemeralPorts = { first: 49_152, last: MAX_PORT, reserved: [] };

const LINUX_FOLDER = '/proc/sys/net/ipv4';

/** Whether the operating system may have given this port to another program by the time that a gateway wants it. */
export function isEphemeral(port: number, { reserved, ...range }: EphemeralPorts): boolean {
  return isWithin(port, range) && !reserved.some((exception) => isWithin(port, exception));
}

/** The ports that this machine gives to programs that ask for any; the range of the IANA where it does not say. */
export function ephemeralPorts(folder = LINUX_FOLDER): EphemeralPorts {
  try {
    const [first = NaN, last = NaN] = read(folder, 'ip_local_port_range').split(/\s+/).map(Number);
    if (!Number.isInteger(first) || !Number.isInteger(last)) return IANA_RANGE;
    return { first, last, reserved: parseRanges(read(folder, 'ip_local_reserved_ports')) };
  } catch {
    return IANA_RANGE;
  }
}

/** Reads the notation of the kernel: `8080,9148-9150`. */
function parseRanges(text: string): PortRange[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [first = NaN, last = first] = part.split('-').map(Number);
      return { first, last };
    });
}

function read(folder: string, file: string): string {
  return readFileSync(`${folder}/${file}`, 'utf8').trim();
}

function isWithin(port: number, { first, last }: PortRange): boolean {
  return port >= first && port <= last;
}
