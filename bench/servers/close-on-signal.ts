import { once } from 'node:events';
import type { Server } from 'node:http';

import type { WebSocketServer } from 'ws';

/** As a gateway gives its clients to close. */
export const GRACE_MS = 1_000;

/** On SIGTERM tells the clients, waits for them to close, cuts off the others, and then frees the port, in this order. */
export function closeOnSignal(server: Server, sockets: WebSocketServer): void {
  process.once('SIGTERM', () => {
    setTimeout(() => sockets.clients.forEach((socket) => socket.terminate()), GRACE_MS);
    const closed = [...sockets.clients].map(async (socket) => {
      socket.send('{"type":"event","event":"shutdown","payload":{"reason":"SIGTERM","restartExpectedMs":null}}');
      socket.close(1001);
      await once(socket, 'close');
    });
    void Promise.all(closed).then(() => server.close(() => process.exit(0)));
  });
}
