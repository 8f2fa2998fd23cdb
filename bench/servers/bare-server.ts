import { once } from 'node:events';
import { createServer } from 'node:http';

import { WebSocketServer } from 'ws';

// The least that serves WebSockets and says that it does. Argument: the port. On SIGTERM it tells its clients, waits for
// them to close, and then frees the port, in this order.
const server = createServer((_request, response) => response.end('ok'));
const sockets = new WebSocketServer({ server });

process.once('SIGTERM', () => {
  const closed = [...sockets.clients].map(async (socket) => {
    socket.send('{"type":"event","event":"shutdown","payload":{"reason":"SIGTERM","restartExpectedMs":null}}');
    socket.close(1001);
    await once(socket, 'close');
  });
  void Promise.all(closed).then(() => server.close(() => process.exit(0)));
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => process.stdout.write('listening\n'));
