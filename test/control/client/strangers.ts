import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';

import { WebSocketServer } from 'ws';

import { onCleanUp } from '../../kit/cleaner.js';

/** Another program, which speaks WebSocket and answers each message as it is told. */
export async function otherWebSocket(
  answer: (text: string, hangUp: () => void) => string | undefined,
  lastWords = 'go away',
): Promise<number> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  onCleanUp(() => {
    server.clients.forEach((client) => client.terminate());
    server.close();
  });
  server.on('connection', (socket) => {
    const send = (text: string | undefined): void => {
      if (text !== undefined) socket.send(text);
    };
    send(answer('', () => socket.close(1000, lastWords)));
    socket.on('message', (data: Buffer) => send(answer(data.toString(), () => socket.close(1000, lastWords))));
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Another program, which speaks HTTP and answers each request and each upgrade with a status. */
export async function httpServer(status: number): Promise<number> {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'Content-Type': 'text/html', Location: 'http://127.0.0.1:1/' }).end('<h1>hello</h1>');
  });
  const refuse = (socket: Socket): void =>
    void socket.end(`HTTP/1.1 ${status} Whatever\r\nContent-Length: 14\r\nLocation: /\r\n\r\n<h1>hello</h1>`);
  server.on('upgrade', (_request, socket) => refuse(socket as Socket));
  onCleanUp(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

/** With it a gateway begins a conversation. */
export const CHALLENGE = JSON.stringify({ type: 'event', event: 'connect.challenge', payload: {} });
