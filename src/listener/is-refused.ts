import { connect } from 'node:net';

import type { Endpoint } from './endpoint.js';

/** Nobody listens; of a local socket, there may also be no such file or pipe. */
const NOBODY_THERE = new Set<string | undefined>(['ECONNREFUSED', 'ENOENT']);

/**
 * Connects, sends nothing, hangs up, and tells whether nobody listens. Whatever else happens is somebody: an answer, a
 * reset, or no answer in time, as a stopped process with a full backlog behaves. Never rejects.
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
    socket.once('connect', () => {
      // TCP lets a socket whose ephemeral port is the port it connects to meet itself (RFC 9293, 3.5, simultaneous open).
      const { localPort, remotePort, localAddress, remoteAddress } = socket;
      settle(localPort !== undefined && localPort === remotePort && localAddress === remoteAddress);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => settle(NOBODY_THERE.has(error.code)));
  });
}
