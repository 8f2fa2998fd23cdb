import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { WebSocketServer, type RawData } from 'ws';

import { answerAsServer } from './calls.js';
import { closeOnSignal } from './close-on-signal.js';
import { pingClients } from './pings.js';

// What all others are compared with: `ws` as it is, and the JSON of the same requests, answers and events, unchecked.
// Argument, if any: between two pings, in milliseconds.
const [, , periodMs] = process.argv;
const server = createServer();
const sockets = new WebSocketServer({ server });

sockets.on('connection', (socket) => {
  socket.on('error', () => undefined);
  socket.on('message', (data: RawData) => {
    const { id, params } = JSON.parse((data as Buffer).toString()) as { id: string; params: unknown };
    socket.send(JSON.stringify({ type: 'res', id, ok: true, payload: params }));
  });
});

/** As all clients are told the same, it is made into text once. */
function publish(text: string): void {
  const event = JSON.stringify({ type: 'event', event: 'news', payload: { text }, seq: 1 });
  for (const socket of sockets.clients) socket.send(event);
}

closeOnSignal(server, sockets);
pingClients(sockets, periodMs === undefined ? undefined : Number(periodMs));
await once(server.listen(0, '127.0.0.1'), 'listening');
answerAsServer((server.address() as AddressInfo).port, publish);
