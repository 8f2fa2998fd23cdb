import type { ProfileFlags } from '../config/profile.js';
import type { SettingFlags } from '../config/choose-settings.js';

/** Every flag of every command, as it was typed: a command gets those that its entry in the table lists. */
export interface Flags extends SettingFlags, ProfileFlags {
  readonly json?: boolean;
  /** How many times it was given. */
  readonly verbose?: number;
  readonly allowUnconfigured?: boolean;
  readonly password?: string;
  readonly tailscale?: string;
  readonly ensure?: boolean;
  /** `true` without a value. */
  readonly force?: true | string;
  readonly standby?: boolean;
  readonly timeout?: string;
  readonly deep?: boolean;
  readonly all?: boolean;
  readonly watch?: boolean;
  readonly url?: string;
  readonly params?: string;
  readonly print?: boolean;
  readonly follow?: boolean;
  readonly lines?: string;
  readonly limit?: string;
  readonly since?: string;
  readonly level?: string;
  readonly handover?: boolean;
  readonly dryRun?: boolean;
  readonly start?: boolean;
  readonly socket?: boolean;
  readonly linger?: boolean;
  readonly env?: readonly string[];
  readonly to?: string;
}

/** A flag in commander's notation. */
export interface Flag {
  readonly flags: string;
  readonly description: string;
  /** Given again, it adds to what was given before. */
  readonly repeatable?: boolean;
  /** Given again, it means more of the same. */
  readonly counted?: boolean;
}

export type FlagTable = Partial<Readonly<Record<keyof Flags, Flag>>>;

/** What `gateway fleet` can be told to do. */
export const FLEET_ACTIONS = ['check', 'status', 'yield', 'sql'] as const;

/** How long the commands wait where no `--timeout` says otherwise. A gateway gives its own shutdown 5 seconds. */
export const DEFAULT_TIMEOUT_MS = { start: 30_000, stop: 6_000, request: 10_000, yield: 30_000 } as const;
/** How many lines `logs` prints where no `--lines` says otherwise. */
export const DEFAULT_LINES = 100;
