import { once } from 'node:events';

import { within } from './deadline.js';
import { rawConnection } from './net.js';

const DEADLINE_MS = 20_000;

/** Sends a text over a connection of its own, and gives all that comes back until the other side hangs up. */
export async function exchange(port: number, text: string, host?: string): Promise<string> {
  const socket = await rawConnection(port, host);
  let answer = '';
  socket.setEncoding('latin1').on('data', (part: string) => (answer += part));
  const ended = once(socket, 'close');
  socket.write(text, 'latin1');
  await within(DEADLINE_MS, `the end of a connection that had got ${JSON.stringify(answer)}`, ended);
  return answer;
}

/** The head of a request, with nothing in it that was not asked for. */
export function head(requestLine: string, ...headers: readonly string[]): string {
  return [requestLine, ...headers, '', ''].join('\r\n');
}

/** What makes a request an upgrade. */
export const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
}

export function bodyOf(answer: string): string {
  return answer.slice(answer.indexOf('\r\n\r\n') + 4);
}
