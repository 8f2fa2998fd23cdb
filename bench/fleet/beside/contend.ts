/** What a process has that is the only one to work. */
export interface Held {
  /** Greater than that of each one before. */
  readonly token: bigint;
  /** Lets the next one work. */
  release(): Promise<void>;
}

/**
 * Waits until this process is the only one to work.
 *
 * @param url of the engine that decides
 * @param onWaiting called, once or more often, when another process works
 */
export type Contend = (url: string, onWaiting: () => void) => Promise<Held>;

/** How long NATS and etcd keep an entry whose holder says nothing any more, in seconds. */
export const EXPIRY_S = 3;
/** How often a holder says something, in milliseconds. */
export const RENEW_MS = 1_000;
