import type { Socket } from 'node:net';

/** By the connection of a proxy, the address of the client that its latest request is for. */
const clients = new WeakMap<object, string>();

/**
 * Notes whom a proxy has passed a request on for.
 *
 * @param address `undefined` for a request that no proxy has passed on
 */
export function noteForwardedFor(connection: object, address: string | undefined): void {
  if (address !== undefined) clients.set(connection, address);
  else clients.delete(connection);
}

/** The address that a proxy has passed the latest request on for; `undefined` where no proxy is between. */
export function forwardedFor(connection: object): string | undefined {
  return clients.get(connection);
}

/** Whom the latest request is from, for logs and lists. A connection over a local socket has no address. */
export function clientAddress(connection: Socket): string | undefined {
  return forwardedFor(connection) ?? connection.remoteAddress;
}
