import { get } from 'node:http';

import type { Endpoint } from '../listener/endpoint.js';

/** Answered with a response that stays open for as long as the gateway holds its port. */
export const WATCH_PATH = '/.well-known/gateway/watch';

/** How often a holder writes to a watch, which shows that its event loop turns. */
export const HEARTBEAT_MS = 1_000;
const SILENCE_MS = 3 * HEARTBEAT_MS;

export interface WatchOptions {
  /** Ends the watch; it then resolves too. */
  readonly signal: AbortSignal;
  /** Called once when the holder agrees to be watched. */
  readonly onAgreed?: () => void;
  /** Called once when the holder falls silent and keeps the connection, as a frozen process does. */
  readonly onSilence?: () => void;
}

/**
 * Holds a connection to the holder, and resolves when it ends: however the holder dies, the kernel closes it. A frozen
 * holder keeps it open, and a stranger may close it at once. Never rejects.
 *
 * @returns whether the holder had agreed to be watched; only then does the end say that the holder has gone
 */
export function watchHolder(endpoint: Endpoint, { signal, onAgreed, onSilence }: WatchOptions): Promise<boolean> {
  return new Promise((resolve) => {
    let agreed = false;
    const silence = setTimeout(() => onSilence?.(), SILENCE_MS);
    const request = get({ ...endpoint, path: WATCH_PATH, agent: false, signal }, (response) => {
      agreed = response.statusCode === 200;
      if (agreed) onAgreed?.();
      // A stranger could go on sending for ever.
      else request.destroy();
      response.on('data', () => silence.refresh());
      response.on('error', () => undefined);
    });
    request.on('error', () => undefined);
    request.on('close', () => {
      clearTimeout(silence);
      resolve(agreed);
    });
  });
}
