import type { Socket } from 'node:net';

import type { RequestHandler } from '../serving/gateway-http.server.js';
import { PROBE_HEADERS } from '../serving/probe-headers.js';
import { HEARTBEAT_MS } from './watch-holder.js';

/** How many processes may watch for the end of this gateway at a time; a further one gets 503 and has to poll. */
const MAX_WATCHES = 64;

/**
 * Lets standbys watch for the end of this gateway: each gets an answer that never ends. The lock cuts it off after it has
 * freed the port, and the kernel does when the process dies.
 */
export class HolderWatches {
  readonly #watches = new Set<Socket>();

  /** How many processes stand by at this moment. */
  get size(): number {
    return this.#watches.size;
  }

  readonly answer: RequestHandler = ({ socket }, response) => {
    // One watch per connection: a second would wait behind the first for ever.
    if (this.#watches.size >= MAX_WATCHES || this.#watches.has(socket)) {
      response.writeHead(503, { ...PROBE_HEADERS, 'Retry-After': '1' }).end();
      return;
    }
    this.#watches.add(socket);
    const heartbeat = setInterval(() => response.write('\n'), HEARTBEAT_MS);
    socket.once('close', () => {
      clearInterval(heartbeat);
      this.#watches.delete(socket);
    });
    response.writeHead(200, { ...PROBE_HEADERS, 'Content-Type': 'text/plain' }).flushHeaders();
  };
}
