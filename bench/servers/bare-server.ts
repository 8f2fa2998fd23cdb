import { createServer } from 'node:http';

import { WebSocketServer } from 'ws';

import { closeOnSignal } from './close-on-signal.js';
import { pingClients } from './pings.js';

// The least that serves WebSockets, says that it does, and keeps its manners. Argument: the port.
const server = createServer((_request, response) => response.end('ok'));
const sockets = new WebSocketServer({ server });

closeOnSignal(server, sockets);
pingClients(sockets);
server.listen(Number(process.argv[2]), '127.0.0.1', () => process.stdout.write('listening\n'));
