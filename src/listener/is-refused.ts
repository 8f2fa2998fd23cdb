import { connect, type Socket } from 'node:net';

import type { Endpoint } from './endpoint.js';

/** ENOENT: there is no such socket file or pipe. */
const REFUSALS = new Set<string | undefined>(['ECONNREFUSED', 'ENOENT']);

/**
 * Connects, sends nothing, hangs up, and tells whether the connection was refused, so that nothing listens. Everything
 * else means that something does: an accepted connection, a reset, and no answer in time, which is how a stopped process
 * with a full backlog behaves. Never rejects.
 */
export function isRefused(endpoint: Endpoint, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect('socketPath' in endpoint ? { path: endpoint.socketPath } : { ...endpoint });
    const timer = setTimeout(() => settle(false), timeoutMs);
    const settle = (refused: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(refused);
    };
    socket.once('connect', () => settle(isConnectedToItself(socket)));
    socket.on('error', (error: NodeJS.ErrnoException) => settle(REFUSALS.has(error.code)));
  });
}

/**
 * Whether a socket has met itself: TCP allows that where the ephemeral port is the port it connects to (RFC 9293, 3.5,
 * simultaneous open). Nothing listens there.
 */
export function isConnectedToItself({ localPort, remotePort, localAddress, remoteAddress }: Socket): boolean {
  return localPort !== undefined && localPort === remotePort && localAddress === remoteAddress;
}
