/** What is known of the configuration file of a gateway, without its values. */
export interface ConfigFileState {
  /** Absolute. */
  readonly path: string;
  readonly exists: boolean;
  /** Whether a gateway could start with it. */
  readonly valid: boolean;
  /** Why it could not. */
  readonly issues: readonly { readonly path: string; readonly message: string }[];
}

export interface ControlOptions {
  /**
   * Looks at the file that the settings of this gateway come from, for the method `config.get`. Called at each request.
   * @default there is no such file
   */
  configFile?: () => Promise<ConfigFileState>;
}

export const CONTROL_OPTIONS = Symbol('CONTROL_OPTIONS');
