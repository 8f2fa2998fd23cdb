/** A profile of this user, and its port. */
export interface ProfilePort {
  /** The name of the profile. */
  readonly name: string;
  /** `null` where it is not known, and `problem` says why. */
  readonly port: number | null;
  /** Where the port comes from. */
  readonly from: string | null;
  /** The profiles whose ports overlap with those of this one. */
  readonly conflicts: readonly { readonly name: string; readonly port: number }[];
  /** Why the port is not known, in one line; `null` where it is. */
  readonly problem: string | null;
}

/** What one check of the gateway and its machine has found. */
export interface PageCheck {
  /** What was looked at, in one or two words. */
  readonly check: string;
  /** A `note` may matter to the operator, and keeps no gateway from its work. */
  readonly level: 'ok' | 'note' | 'problem';
  /** What is so; one line. */
  readonly text: string;
  /** What the operator can do about it; missing where there is nothing to do. */
  readonly wayOut?: string;
}

/** What `page.context` answers: what lies around the gateway. */
export interface PageContext {
  /** What an operator can type in a terminal; none where the program has no such commands. */
  readonly commands: readonly PageCommand[];
  readonly profiles: readonly ProfilePort[];
  readonly checks: readonly PageCheck[];
}

export interface PageCommand {
  readonly what: 'logs' | 'restart' | 'stop';
  readonly command: string;
}
