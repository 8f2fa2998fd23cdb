/** The fleet that a configuration file names. Its URL, which has a password in it, is in a file of its own. */
export interface ConfiguredFleet {
  readonly name?: string | undefined;
  readonly urlFile?: string | undefined;
  readonly advertise?: string | undefined;
  readonly strict?: boolean | undefined;
}

/** What a configuration file says. A key is missing where the file does not have it. */
export interface Configured {
  readonly port?: number | undefined;
  /** An IP address, or `localhost`. */
  readonly host?: string | undefined;
  /** The error to show where a host is needed from the file, and `gateway.bind` gives none; one line. */
  readonly hostProblem?: string | undefined;
  readonly token?: string | undefined;
  readonly allowHosts?: readonly string[] | undefined;
  readonly allowOrigins?: readonly string[] | undefined;
  /** What OpenClaw's own key allows; our own key goes first. */
  readonly controlUiOrigins?: readonly string[] | undefined;
  readonly trustedProxies?: readonly string[] | undefined;
  readonly fleet?: ConfiguredFleet | undefined;
  /** Whether the gateway runs on another machine. */
  readonly isRemote?: boolean;
  /** The keys that would change who may get in, and are not followed; a line for each. */
  readonly warnings?: readonly string[];
}

/** A configuration file, which may be missing, and what it says. */
export interface Configuration extends Configured {
  /** Absolute. */
  readonly file: string;
  readonly exists: boolean;
}
