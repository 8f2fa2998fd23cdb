import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { WebSocketServer, type RawData } from 'ws';

import { answerAsServer } from './calls.js';

// What all others are compared with: `ws` as it is, and the JSON of the same requests, answers and events, unchecked.
const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });

server.on('connection', (socket) => {
  socket.on('error', () => undefined);
  socket.on('message', (data: RawData) => {
    const { id, params } = JSON.parse((data as Buffer).toString()) as { id: string; params: unknown };
    socket.send(JSON.stringify({ type: 'res', id, ok: true, payload: params }));
  });
});

/** As all clients are told the same, it is made into text once. */
function publish(text: string): void {
  const event = JSON.stringify({ type: 'event', event: 'news', payload: { text }, seq: 1 });
  for (const socket of server.clients) socket.send(event);
}

await once(server, 'listening');
answerAsServer((server.address() as AddressInfo).port, publish);
