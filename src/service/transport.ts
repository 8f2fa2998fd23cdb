/** A way to say something to a service manager (sd_notify(3)). */
export interface NotifyTransport {
  /** Whether descriptors can go with a message. */
  readonly passesDescriptors: boolean;
  /** What an operator has to know of it: it may be in vain. */
  readonly caveat?: string;
  /**
   * @param message lines of `NAME=value`
   * @throws {Error} it could not be sent
   */
  send(message: string, descriptors?: readonly number[]): unknown;
  /** Resolves when the manager has read all that was sent before. Missing where there is no way to know. */
  barrier?(): Promise<void>;
}
