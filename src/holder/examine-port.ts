import { readFile } from 'node:fs/promises';

import { addressSet, gatewayUrl } from '../listener/listen-address.js';
import type { PortOwner } from '../listener/holder.js';
import { findPortOwner } from './port-owner.js';

const TIMEOUT_MS = 2_000;
/** The state field of proc_net_tcp: TCP_ESTABLISHED in the kernel's tcp_states.h. */
const ESTABLISHED = '01';

/** What the operating system knows of one address of a lock. */
export interface PortExamination {
  readonly url: string;
  readonly owner: PortOwner | null;
  /** How many connections to the port are established, on all addresses of its family. Linux only, else 0. */
  readonly established: number;
}

/** Looks at every address that a gateway for this host would hold. */
export async function examinePort(host: string, port: number): Promise<PortExamination[]> {
  const deadline = performance.now() + TIMEOUT_MS;
  return Promise.all(
    addressSet(host).map(async (address) => {
      const owner = await findPortOwner(address.host, port, deadline);
      const table = address.host.includes(':') ? '/proc/net/tcp6' : '/proc/net/tcp';
      return {
        url: gatewayUrl(address.host, port),
        owner: owner === 'unknown' ? null : owner,
        established: countEstablished(await readFile(table, 'utf8').catch(() => ''), port),
      };
    }),
  );
}

/** Counts the server's ends of connections in a table as proc(5) describes it under /proc/net/tcp. */
export function countEstablished(table: string, port: number): number {
  const localPort = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', , state]) => local.endsWith(localPort) && state === ESTABLISHED).length;
}
