export interface ControlOptions {
  /**
   * Where the settings of this gateway come from, for `config.get`: as it was at the start, and right, since a gateway
   * with a wrong one does not start.
   * @default none
   */
  configFile?: { readonly path: string; readonly exists: boolean };
}

export const CONTROL_OPTIONS = Symbol('CONTROL_OPTIONS');
