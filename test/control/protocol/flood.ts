import { once } from 'node:events';
import type { Socket } from 'node:net';

import type { ListeningControlApp } from '../../kit/control-app.js';
import { within } from '../../kit/deadline.js';
import { rawConnection } from '../../kit/net.js';
import { Operator } from '../../kit/operator.js';
import { exchange, head, statusOf } from '../../kit/raw-http.js';
import { TOKEN } from '../../kit/token.js';

export const DEADLINE_MS = 20_000;
/** So many times the limit may come at once. */
export const CROWD = 16;

export function closed(socket: Socket): Promise<unknown> {
  socket.resume();
  return within(DEADLINE_MS, 'the end of a connection', socket.closed ? Promise.resolve([]) : once(socket, 'close'));
}

export async function flood({ port }: ListeningControlApp, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) sockets.push(await rawConnection(port));
  return sockets;
}

export async function expectServed({ port, url }: ListeningControlApp): Promise<void> {
  const probe = await exchange(port, head('GET /healthz HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Connection: close'));
  expect(statusOf(probe)).toBe(200);
  const operator = await Operator.open(url);
  expect(await operator.call('health')).toMatchObject({ ok: true });
  operator.client.socket.close();
  await operator.close();
}

export async function metricsOf({ port }: ListeningControlApp): Promise<string> {
  const headers = [`Host: 127.0.0.1:${port}`, `Authorization: Bearer ${TOKEN}`, 'Connection: close'];
  return exchange(port, head('GET /metrics HTTP/1.1', ...headers));
}
