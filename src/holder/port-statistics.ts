import { readFile } from 'node:fs/promises';

import { portInTable } from '../common/kernel-table.js';
import type { PortOwner } from '../listener/holder.js';
import { addressSet, gatewayUrl, hasIPv6Form } from '../listener/listen-address.js';
import { findPortOwner } from './port-owner.js';

const TIMEOUT_MS = 2_000;

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
  // `sl local remote st`, with 01 for TCP_ESTABLISHED (tcp_states.h in the kernel).
  const row = new RegExp(`^ *\\d+: [\\dA-F]+:${portInTable(port)} \\S+ 01 `, 'gm');
  return table.match(row)?.length ?? 0;
}
