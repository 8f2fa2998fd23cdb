import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import type { AccessPolicy, RequestRefusal } from './access-policy.js';
import { stopReading } from './connection-reader.js';
import { REFUSAL_HEADER } from './refusal-header.js';

/** Headers that help a refused client: the version to speak (RFC 6455, 4.4), or when to come again. */
const HINTS: Readonly<Record<number, string>> = {
  400: 'Sec-WebSocket-Version: 13\r\n',
  405: 'Allow: GET, HEAD\r\n',
  503: 'Retry-After: 1\r\n',
};

/** Answers an upgrade with a status instead of 101, and hangs up. */
export function refuseUpgrade(access: AccessPolicy, socket: Duplex, refusal: RequestRefusal): void {
  access.onRefused(refusal, socket as Socket);
  endWithRefusal(socket, refusal, HINTS[refusal.status]);
}

/** Writes an answer where Node has no response object, and hangs up. */
export function endWithRefusal(socket: Duplex, { status, reason }: RequestRefusal, headers = ''): void {
  stopReading(socket as Socket);
  socket.write(
    `HTTP/1.1 ${status} ${String(STATUS_CODES[status])}\r\nConnection: close\r\nContent-Length: 0\r\n` +
      `${REFUSAL_HEADER}: ${reason}\r\n${headers}\r\n`,
  );
  (socket as Socket).destroySoon();
}

/** Hangs up on an error. Without a listener, a client that resets its connection in an upgrade would end the process. */
export function hangUpOnError(socket: Duplex): void {
  socket.on('error', hangUp);
}

/** Ends {@link hangUpOnError}: the upgrade is done, and the WebSocket hears the errors of the connection. */
export function releaseUpgraded(socket: Duplex): void {
  socket.off('error', hangUp);
}

function hangUp(this: Duplex): void {
  this.destroy();
}
