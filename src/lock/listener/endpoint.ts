import type { FailedAddress } from './gateway-lock.error.js';

/** Where somebody on this machine may listen. */
export type Endpoint = FailedAddress | LocalSocket;

/** A Unix socket (unix(7)), abstract with a NUL in front, or a named pipe of Windows. */
export interface LocalSocket {
  readonly socketPath: string;
}
