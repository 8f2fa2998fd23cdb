import { get } from 'node:http';

import type { Endpoint } from '../listener/endpoint.js';

/** Answers with a response that stays open for as long as the gateway holds its port. */
export const WATCH_PATH = '/.well-known/gateway/watch';

/** How often a holder says on a watch that its event loop turns. Milliseconds. */
export const HEARTBEAT_MS = 1_000;
const SILENCE_MS = 3 * HEARTBEAT_MS;

export interface WatchOptions {
  /** Ends the watch; it then resolves too. */
  readonly signal: AbortSignal;
  /** Called once when the holder agrees to be watched. */
  readonly onAgreed?: () => void;
  /** Called once when the holder falls silent without letting go, as a frozen process does. */
  readonly onSilence?: () => void;
}

/**
 * Holds a connection to whoever listens, and resolves when it ends, as it does with any death of the holder: the kernel
 * closes it. A holder that is frozen keeps it open, a stranger may close it at once.
 *
 * @returns whether the holder had agreed to be watched, so that the end of the watch is news of the holder
 */
export function watchHolder(endpoint: Endpoint, { signal, onAgreed, onSilence }: WatchOptions): Promise<boolean> {
  return new Promise((resolve) => {
    let agreed = false;
    const silence = setTimeout(() => onSilence?.(), SILENCE_MS);
    const request = get({ ...endpoint, path: WATCH_PATH, agent: false, signal }, (response) => {
      agreed = response.statusCode === 200;
      if (agreed) onAgreed?.();
      // A stranger could send without end.
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
