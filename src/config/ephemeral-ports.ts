import { readFileSync } from 'node:fs';

/** Inclusive. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface EphemeralPorts extends PortRange {
  /** Those within that are given to nobody who does not name them. */
  readonly reserved: readonly PortRange[];
}

/** RFC 6335, section 6; macOS and Windows keep to it. */
export const IANA_RANGE: EphemeralPorts = { first: 49_152, last: 65_535, reserved: [] };

const LINUX_FOLDER = '/proc/sys/net/ipv4';

/** Whether the operating system may have given this port to somebody by the time that a gateway wants it. */
export function isEphemeral(port: number, { reserved, ...range }: EphemeralPorts): boolean {
  return isWithin(port, range) && !reserved.some((exception) => isWithin(port, exception));
}

/** The ports that this machine gives to whoever asks for any; those of the IANA where it does not say. */
export function ephemeralPorts(folder = LINUX_FOLDER): EphemeralPorts {
  try {
    const [first = NaN, last = NaN] = read(folder, 'ip_local_port_range').split(/\s+/).map(Number);
    if (!Number.isInteger(first) || !Number.isInteger(last)) return IANA_RANGE;
    return { first, last, reserved: parseRanges(read(folder, 'ip_local_reserved_ports')) };
  } catch {
    return IANA_RANGE;
  }
}

/** As the kernel writes them down: `8080,9148-9150`. */
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
