/** A value, with the place where it was given, such as `--port`. */
export interface Place<T> {
  readonly source: string;
  /** Undefined where nothing was given. An empty string was given, and is wrong. */
  readonly value: T | undefined;
  /**
   * What to do instead, for the error.
   * @default 'leave it out'
   */
  readonly wayOut?: string;
}
