import { once } from 'node:events';
import { createServer, type ListenOptions } from 'node:net';
import { networkInterfaces } from 'node:os';

import { freePort } from './ports.js';

export const LINUX = process.platform === 'linux';

/** An IPv4 address of this machine that is not loopback, where it has one. */
export const ETH0 = Object.values(networkInterfaces())
  .flatMap((addresses = []) => addresses)
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

/** For the names of tests: their tables are shorter on such a machine. */
export const WITHOUT_ETH0 = ETH0 === undefined ? ' (without eth0: this machine has only loopback addresses)' : '';

/** What a plain server can listen on, by the names in the tables. */
export const SOCKETS: Readonly<Record<string, ListenOptions>> = {
  '127.0.0.1': { host: '127.0.0.1' },
  '0.0.0.0': { host: '0.0.0.0' },
  '::1': { host: '::1' },
  ':: dual': { host: '::' },
  ':: v6only': { host: '::', ipv6Only: true },
  localhost: { host: 'localhost' },
  // Only Linux has all of 127.0.0.0/8 without being told.
  ...(LINUX && { '127.0.0.2': { host: '127.0.0.2' } }),
  ...(ETH0 !== undefined && { eth0: { host: ETH0 } }),
};

/** Whether a plain server can listen there at this moment. */
export async function binds(options: ListenOptions): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(options), 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** The names of the sockets that cannot be had on a port at this moment. */
export async function taken(port: number): Promise<string[]> {
  const names: string[] = [];
  for (const [name, options] of Object.entries(SOCKETS)) {
    if (!(await binds({ ...options, port }))) names.push(name);
  }
  return names;
}

/** A port that was free a moment ago on every address of the machine. */
export async function freeEverywhere(): Promise<number> {
  for (;;) {
    const port = await freePort();
    // Where a wildcard does not collide with single addresses, these have to be asked one by one.
    if ((await taken(port)).length === 0) return port;
  }
}
