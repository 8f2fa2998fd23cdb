/** The state of the configuration file of a gateway, without its values: what `config.get` answers. */
export interface ConfigFileState {
  /** An absolute path. */
  readonly path: string;
  readonly exists: boolean;
  /** Whether a gateway could start with it. */
  readonly valid: boolean;
  /** What is wrong with the file, where it is not valid. */
  readonly issues: readonly { readonly path: string; readonly message: string }[];
}

/** The options of `ControlMethodsModule.forRoot`. */
export interface ControlOptions {
  /**
   * Reads the state of the file that the settings of this gateway come from. Called for each request of `config.get`.
   * @default there is no such file
   */
  configFile?: () => Promise<ConfigFileState>;
}

export const CONTROL_OPTIONS = Symbol('CONTROL_OPTIONS');
