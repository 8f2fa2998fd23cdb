import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';

import type { PortOwner } from '../listener/holder.js';
import { addressSet, canonicalIPv6, gatewayUrl, hasIPv6Form } from '../listener/listen-address.js';
import { findPortOwner } from './port-owner.js';

const TIMEOUT_MS = 2_000;
/** TCP_ESTABLISHED and TCP_LISTEN in the kernel's tcp_states.h. */
const ESTABLISHED = '01';
const LISTEN = '0A';

/** What the operating system tells about one address of a lock. */
export interface PortExamination {
  readonly url: string;
  readonly owner: PortOwner | null;
  /** How many connections to the port are established, on all addresses of its family; 0 except on Linux. */
  readonly established: number;
}

/** Looks at every address that a gateway on this host would hold. Takes at most 2 s, and never rejects. */
export async function examinePort(host: string, port: number): Promise<PortExamination[]> {
  const deadline = performance.now() + TIMEOUT_MS;
  return Promise.all(
    addressSet(host).map(async (address) => {
      const owner = await findPortOwner(address.host, port, deadline);
      const table = hasIPv6Form(address.host) ? '/proc/net/tcp6' : '/proc/net/tcp';
      return {
        url: gatewayUrl(address.host, port),
        owner: owner === 'unknown' ? null : owner,
        established: countEstablished(await readFile(table, 'utf8').catch(() => ''), port),
      };
    }),
  );
}

/** Counts the connections to a port in /proc/net/tcp or tcp6 (proc_pid_net(5)), each by the end of its server. */
export function countEstablished(table: string, port: number): number {
  return localEnds(table, port, ESTABLISHED).length;
}

/** The addresses on which a port is listened on, from /proc/net/tcp or tcp6; a v4-mapped one as IPv4. */
export function listeningHosts(table: string, port: number): string[] {
  return localEnds(table, port, LISTEN).map(addressOfHex);
}

/** The addresses, in hexadecimal, of the sockets of this machine that have this port and this state. */
function localEnds(table: string, port: number, wanted: string): string[] {
  const localPort = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', , state]) => local.endsWith(localPort) && state === wanted)
    .map(([, local = '']) => local.slice(0, -localPort.length));
}

/** The table has 32-bit words in the byte order of the machine. */
function addressOfHex(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  if (endianness() === 'LE') bytes.swap32();
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16));
  return canonicalIPv6(groups.join(':'));
}
