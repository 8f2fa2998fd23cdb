import { closeSync, openSync, readSync } from 'node:fs';

/** The tables of TCP sockets (proc_pid_net(5)). A client of a dual-stack socket has its row in that of IPv6. */
export const TCP_TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

/** A port as the tables of TCP sockets have it: in hexadecimal. */
export function portInTable(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

/** The kernel gives no more of a table at a time, whatever the buffer (seq_read_iter in fs/seq_file.c). */
const PAGE_BYTES = 4096;

/**
 * The rows of a table of the kernel, with their line ends: as many whole ones as a read gives. It reads synchronously,
 * into one buffer: another user can make a table long, and `readFile` takes three times as long for its many small reads.
 * Yields nothing where there is no such table, such as tcp6 on a machine without IPv6.
 *
 * @param bytes how much to read at a time: the kernel fills what it is given, and goes on in the table for it
 */
export function* pagesOf(path: string, bytes = PAGE_BYTES): Generator<string> {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return;
  }
  try {
    const page = Buffer.alloc(bytes);
    let rest = '';
    for (let length = readSync(descriptor, page); length > 0; length = readSync(descriptor, page)) {
      const text = rest + page.toString('latin1', 0, length);
      const end = text.lastIndexOf('\n') + 1;
      rest = text.slice(end);
      yield text.slice(0, end);
    }
  } finally {
    closeSync(descriptor);
  }
}
