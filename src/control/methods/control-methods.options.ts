/** The state of the configuration file of a gateway, without its values: what `config.get` answers. */
export interface ConfigFileState {
  /** An absolute path. */
  readonly path: string;
  /** Whether there is such a file. */
  readonly exists: boolean;
  /** Whether a gateway could start with it. */
  readonly valid: boolean;
  /** What is wrong with the file, where it is not valid. */
  readonly issues: readonly { readonly path: string; readonly message: string }[];
}

/** Which part of the log a client asks for. */
export interface LogTailQuery {
  /** Only what was logged after this place, which an earlier answer gave. */
  readonly cursor?: number | undefined;
  /** How many lines at most, the last ones. */
  readonly limit?: number | undefined;
  /** How long these lines may be together, in bytes. */
  readonly maxBytes?: number | undefined;
}

/** A part of the log: what `logs.tail` answers. */
export interface LogTail {
  /** Names the log, so that a client notices when it reads another one. */
  readonly file: string;
  /** The place where these lines end, for the next query, in bytes. */
  readonly cursor: number;
  /** The length of the whole log, in bytes. */
  readonly size: number;
  /** The lines, oldest first, without line ends. */
  readonly lines: readonly string[];
  /** Whether earlier lines were left out. */
  readonly truncated: boolean;
  /** Whether the cursor was of another log, or of lines that are gone, so that the answer begins anew. */
  readonly reset: boolean;
}

/** What becomes of a request to restart. */
export type RestartOutcome =
  | { readonly status: 'scheduled' | 'coalesced' }
  /** One line for people. */
  | { readonly status: 'refused'; readonly because: string };

/** The options of `ControlMethodsModule.forRoot`. */
export interface ControlOptions {
  /**
   * Reads the state of the file that the settings of this gateway come from. Called for each request of `config.get`.
   * @default there is no such file
   */
  configFile?: () => Promise<ConfigFileState>;
  /**
   * Reads from the log of this gateway, for `logs.tail`.
   * @default `logs.tail` answers that the log is not kept
   */
  logTail?: (query: LogTailQuery) => LogTail;
  /**
   * Makes this gateway start anew, for `gateway.restart.request`.
   *
   * @param reason what clients are told
   * @default `gateway.restart.request` answers that this gateway cannot do that
   */
  restart?: (reason: string) => RestartOutcome;
}

export const CONTROL_OPTIONS = Symbol('CONTROL_OPTIONS');
