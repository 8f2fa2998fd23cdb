import type { PageCheck, ProfilePort } from './page-data.js';

/** The options of `ControlPageModule.forRoot`. */
export interface ControlPageOptions {
  /**
   * What an operator types to run the commands of `openclaw gateway`, which the page then shows to be copied.
   * @default the page shows no commands
   */
  program?: string;
  /**
   * Looks up the profiles of this user and their ports. Called every 15 seconds by each page that is open.
   * @default the page shows no profiles
   */
  profiles?: () => Promise<readonly ProfilePort[]>;
  /**
   * Looks at what may keep the gateway from its work. Called every 15 seconds by each page that is open.
   * @default the page shows no such checks
   */
  checks?: () => Promise<readonly PageCheck[]>;
}

export const CONTROL_PAGE_OPTIONS = Symbol('CONTROL_PAGE_OPTIONS');
