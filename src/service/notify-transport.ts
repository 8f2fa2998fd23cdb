import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeSync } from 'node:fs';

import type { NotifyTransport } from './transport.js';

/**
 * The best way that there is. Node itself has no Unix datagrams.
 *
 * @param address of the socket: an absolute path, or an abstract name after `@` (unix(7))
 * @param descriptor of a connection to the manager that it has opened for this process; `undefined` where there is none
 * @throws {Error} there is no way
 */
export async function openTransport(address: string, descriptor: number | undefined): Promise<NotifyTransport> {
  try {
    // Optional, and native: a start that no manager waits for does not load it.
    const { openDatagramTransport } = await import('./datagram-transport.js');
    return await openDatagramTransport(address);
  } catch (error) {
    if (descriptor !== undefined) return writeTo(descriptor);
    if (await canSpawn()) return { ...spawnFor(address), caveat: (error as Error).message };
    throw error;
  }
}

/** `OpenFile=` of systemd 253 and later connects a datagram socket, to which write(2) sends a message. */
function writeTo(descriptor: number): NotifyTransport {
  return { passesDescriptors: false, send: (message) => writeSync(descriptor, message) };
}

/** systemd-notify(1): 20 ms for each message, and another sender than this process, which `NotifyAccess=main` refuses. */
function spawnFor(address: string): NotifyTransport {
  return { passesDescriptors: false, send: (message) => notify([message], address) };
}

function canSpawn(): Promise<boolean> {
  return notify(['--version']).then(
    () => true,
    () => false,
  );
}

async function notify(args: readonly string[], address?: string): Promise<void> {
  const env = { ...process.env, ...(address !== undefined && { NOTIFY_SOCKET: address }) };
  const child = spawn('systemd-notify', args, { env, stdio: 'ignore' });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`systemd-notify has failed (${String(code)})`);
}
