import type { INestApplication } from '@nestjs/common';

import type { Profile } from '../config/profile.js';
import type { Settings } from '../config/choose-settings.js';
import type { GatewayLockOptions } from '../options/gateway-lock.options.js';
import type { Flags, FlagTable } from './flags.js';

/** What the app of a gateway is created with. */
export interface GatewayStart {
  /**
   * For `GatewayLockModule.forRoot`: what flags, variables, the configuration file and the state folder say of the
   * gateway, and the protocol that the other commands speak.
   */
  readonly lock: GatewayLockOptions;
  /** How many times `--verbose` was given: from 1 on the app is to log more, on stderr. */
  readonly verbose: number;
}

/** The program that the commands belong to. */
export interface Program {
  /** What an operator types. */
  readonly name: string;
  readonly version: string;
  /** Creates the app of the gateway, and does not start it. */
  readonly createApp: (start: GatewayStart & { readonly settings: Settings }) => Promise<INestApplication>;
}

/** One call of a command. */
export interface Invocation {
  readonly flags: Flags;
  /** What follows the name of the command, without the flags. */
  readonly args: readonly string[];
  readonly profile: Profile;
  readonly program: Program;
}

/**
 * What a command does.
 *
 * @returns the exit code
 */
export type Run = (invocation: Invocation) => Promise<number>;

/** A command: what a person types, what help says of it, and where its code is. */
export interface CommandEntry {
  readonly name: string;
  readonly description: string;
  /** In commander's notation; none by default. */
  readonly argument?: string;
  /** What the argument can be, where that is one of a few words. */
  readonly choices?: readonly string[];
  /** All that it takes, as its help lists it. */
  readonly flags: FlagTable;
  /** Flags that one would expect, and that would mean nothing: refused with the reason, and not in the help. */
  readonly useless?: { readonly flags: FlagTable; readonly because: (flag: string) => string };
  /** A command that is not called costs nothing. */
  readonly load: () => Promise<Run>;
}
