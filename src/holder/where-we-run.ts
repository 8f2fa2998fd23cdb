import { linkOf, readTextIfAllowed } from '../common/process-files.js';

let known: string | undefined;

/**
 * The boot of the kernel and the network namespace that this process runs in (random(4), network_namespaces(7)). Equal
 * for two processes only where 127.0.0.1 is the same for both: every machine has that address, and so has every network
 * namespace. The namespace alone would not do, since machines number their first one alike.
 *
 * @returns empty where the system has no such names, as macOS and Windows, or hides them
 */
export function whereWeRun(): string {
  // Read once: a process of Node cannot leave its namespace, and any process may ask for a proof without pause.
  known ??= `${readTextIfAllowed('/proc/sys/kernel/random/boot_id').trim()} ${linkOf('/proc/self/ns/net')}`.trim();
  return known;
}
