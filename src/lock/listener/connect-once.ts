import { connect } from 'node:net';

/**
 * - `accepted`: somebody listens
 * - `refused`: nobody listens
 * - `silent`: neither in time, as a stopped process with a full backlog behaves
 */
export type ConnectOutcome = 'accepted' | 'refused' | 'silent';

/** Connects, sends nothing, and hangs up. Never rejects. */
export function connectOnce(host: string, port: number, timeoutMs: number): Promise<ConnectOutcome> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const timer = setTimeout(() => settle('silent'), timeoutMs);
    const settle = (outcome: ConnectOutcome): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    socket.once('connect', () => {
      // TCP lets a socket whose ephemeral port is the port it connects to meet itself (RFC 9293, 3.5, simultaneous open).
      const metItself = socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress;
      settle(metItself ? 'refused' : 'accepted');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      settle(error.code === 'ECONNREFUSED' ? 'refused' : error.code === 'ECONNRESET' ? 'accepted' : 'silent');
    });
  });
}
