import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import { onCleanUp } from './cleaner.js';

/** BackendKeyData: its letter, its length of 12, then the number of the process (PostgreSQL's protocol 3.0). */
const KEY_DATA = Buffer.from([0x4b, 0, 0, 0, 12]);

/**
 * Passes all to a server, and greets each client with a key of its own making, as poolers do: they have one session for
 * many clients.
 */
export async function startPooler(port: number): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => (client.destroy(), upstream.destroy()));
    }
    client.pipe(upstream);
    upstream.on('data', (chunk: Buffer) => {
      const at = chunk.indexOf(KEY_DATA);
      if (at >= 0) chunk.writeInt32BE(1, at + KEY_DATA.length);
      client.write(chunk);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onCleanUp(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}
