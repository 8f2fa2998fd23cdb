import { get } from 'node:http';
import type { Socket } from 'node:net';

import type { Endpoint } from '../listener/endpoint.js';

/** Answered with a response that stays open for as long as the gateway holds its port. */
export const WATCH_PATH = '/.well-known/gateway/watch';

/** How often a holder writes to a watch, which shows that its event loop turns. */
export const HEARTBEAT_MS = 1_000;
const SILENCE_MS = 3 * HEARTBEAT_MS;

/**
 * All that is read of a holder in one second. A heartbeat has six bytes: those of an hour fit in, which come at once after
 * a sleep of this machine. Only a process that is no gateway sends more, and to read that would keep a core busy.
 */
const MAX_BYTES_PER_SECOND = 32 * 1024;

export interface WatchOptions {
  /** Ends the watch; it then resolves too. */
  readonly signal: AbortSignal;
  /** Called once when the holder agrees to be watched. */
  readonly onAgreed?: () => void;
  /** Called each time that the holder falls silent and keeps the connection, as a frozen process does. */
  readonly onSilence?: () => void;
  /** Called for all that a holder sends which has agreed: a gateway sends a sign of life in each second. */
  readonly onHeartbeat?: () => void;
}

/**
 * Holds a connection to the holder, and resolves when it ends: however the holder dies, the kernel closes it. A frozen
 * holder keeps it open, and a stranger may close it at once. Never rejects.
 *
 * Any holder that agrees is followed, of whatever user, and without a proof. It learns that there is a standby, and no
 * more. It can end the connection early, and then the bind decides. So the end is news, and never a fact.
 *
 * @returns whether the holder had agreed to be watched, and sent no more than a gateway does; only then does the end say
 * that the holder may have gone
 */
export function watchHolder(
  endpoint: Endpoint,
  { signal, onAgreed, onSilence, onHeartbeat }: WatchOptions,
): Promise<boolean> {
  return new Promise((resolve) => {
    let agreed = false;
    const silence = setTimeout(() => onSilence?.(), SILENCE_MS);
    const request = get({ ...endpoint, path: WATCH_PATH, agent: false, signal }, (response) => {
      agreed = response.statusCode === 200;
      if (agreed) onAgreed?.();
      // A stranger could go on sending for ever.
      else request.destroy();
      response.on('data', () => {
        silence.refresh();
        if (agreed) onHeartbeat?.();
      });
      response.on('error', () => undefined);
    });
    request.on('error', () => undefined);
    request.on('socket', (socket) => {
      // Before the answer too, where interim responses have no end.
      endFlood(socket, () => {
        agreed = false;
        request.destroy();
      });
    });
    request.on('close', () => {
      clearTimeout(silence);
      resolve(agreed);
    });
  });
}

/** Calls back once more has come in one second than is read. */
function endFlood(socket: Socket, onFlood: () => void): void {
  let received = 0;
  let since = performance.now();
  socket.on('data', ({ length }: Buffer) => {
    const now = performance.now();
    if (now - since >= 1_000) [received, since] = [0, now];
    received += length;
    if (received > MAX_BYTES_PER_SECOND) onFlood();
  });
}
