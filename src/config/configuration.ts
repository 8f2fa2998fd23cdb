/** What a configuration file says; a key is missing where the file is silent. */
export interface Configured {
  readonly port?: number | undefined;
  /** An IP address, or `localhost`. */
  readonly host?: string | undefined;
  /** Why `gateway.bind` gives no host; one line, for those who need one from it. */
  readonly hostProblem?: string | undefined;
  readonly token?: string | undefined;
  readonly allowHosts?: readonly string[] | undefined;
  readonly allowOrigins?: readonly string[] | undefined;
}

export interface Configuration extends Configured {
  /** Absolute. */
  readonly file: string;
  readonly exists: boolean;
}
