import { connect } from 'node:net';

/**
 * Connects, sends nothing, hangs up, and tells whether nobody listens. Whatever else happens is somebody: an answer, a
 * reset, or no answer in time, as a stopped process with a full backlog behaves. Never rejects.
 */
export function isRefused(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const timer = setTimeout(() => settle(false), timeoutMs);
    const settle = (refused: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(refused);
    };
    socket.once('connect', () => {
      // TCP lets a socket whose ephemeral port is the port it connects to meet itself (RFC 9293, 3.5, simultaneous open).
      settle(socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => settle(error.code === 'ECONNREFUSED'));
  });
}
