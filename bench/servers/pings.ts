import type { WebSocketServer } from 'ws';

/** @param periodMs as a gateway has it by default. Milliseconds */
export function pingClients(sockets: WebSocketServer, periodMs = 25_000): void {
  setInterval(() => sockets.clients.forEach((socket) => socket.ping()), periodMs);
}
