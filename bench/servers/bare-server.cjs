'use strict';
const { createServer } = require('node:http');
const { WebSocketServer } = require('ws');

// The quickest server of WebSockets that can be written: one file of CommonJS, which Node loads sooner than a module. It
// says that it listens, and keeps its manners: as `pings` and `close-on-signal`, which are not loaded for that reason.
// Argument: the port.
const PING_INTERVAL_MS = 25_000;
const GRACE_MS = 1_000;

const server = createServer((_request, response) => response.end('ok'));
const { clients } = new WebSocketServer({ server });

setInterval(() => clients.forEach((client) => client.ping()), PING_INTERVAL_MS);
process.once('SIGTERM', () => {
  setTimeout(() => clients.forEach((client) => client.terminate()), GRACE_MS);
  const closed = [...clients].map((client) => {
    client.send('{"type":"event","event":"shutdown","payload":{"reason":"SIGTERM","restartExpectedMs":null}}');
    client.close(1001);
    return new Promise((resolve) => client.once('close', resolve));
  });
  void Promise.all(closed).then(() => server.close(() => process.exit(0)));
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => process.stdout.write('listening\n'));
