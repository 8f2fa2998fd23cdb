import type { Settings } from '../config/choose-settings.js';
import type { Profile } from '../config/profile.js';
import type { Holder } from '../listener/holder.js';

/** What one check has found. */
export interface Finding {
  /** What was looked at, in one or two words. */
  readonly check: string;
  /** A `note` may matter to the operator, and keeps no gateway from its work. */
  readonly level: 'ok' | 'note' | 'problem';
  /** What is so; one line. */
  readonly text: string;
  /** What the operator can do about it; missing where there is nothing to do. */
  readonly wayOut?: string;
}

/** What the checks look at. */
export interface Patient {
  readonly profile: Profile;
  readonly settings: Settings;
  /** Who answers on the port of the settings; the verdict `blocked` where no process listens. */
  readonly holder: Holder;
  /** What an operator types for this program. */
  readonly program: string;
}
