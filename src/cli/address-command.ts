import { Option } from 'nest-commander';

import { InputError } from '../common/input.error.js';
import { resolveProfile, type Profile, type ProfileFlags } from '../config/profile.js';
import { chooseSettings, type SettingFlags, type Settings } from '../config/settings.js';
import { ADDRESS_FLAGS } from './gateway-flags.js';
import { OpenclawCommand } from './openclaw-command.js';

export interface AddressFlags {
  port?: string;
  host?: string;
  json?: boolean;
  token?: string;
}

const MAX_MILLISECONDS = 3_600_000;

/** A command about one gateway address. */
export abstract class AddressCommand extends OpenclawCommand {
  // Read as text and judged together in address(), so that every wrong value is reported in the same words.
  @Option(ADDRESS_FLAGS.port)
  readPort(text: string): string {
    return text;
  }

  @Option(ADDRESS_FLAGS.host)
  readHost(text: string): string {
    return text;
  }

  @Option(ADDRESS_FLAGS.profile)
  readProfile(text: string): string {
    return text;
  }

  @Option(ADDRESS_FLAGS.dev)
  readDev(): boolean {
    return true;
  }

  @Option(ADDRESS_FLAGS.json)
  readJson(): boolean {
    return true;
  }

  @Option(ADDRESS_FLAGS.token)
  readToken(text: string): string {
    return text;
  }

  /**
   * The address flags of this command, which may also stand before its name.
   *
   * @throws {InputError} another flag stands there, or one stands in both places
   */
  protected addressFlags(): AddressFlags {
    const own = this.command.opts<AddressFlags>();
    const before = this.command.parent?.opts<AddressFlags>() ?? {};
    for (const flag of Object.keys(before)) {
      if (!(flag in ADDRESS_FLAGS)) {
        throw new InputError(`${asTyped(flag)} is a flag of gateway alone: leave it out before ${this.command.name()}`);
      }
      if (flag in own) throw new InputError(`--${flag} stands before and after ${this.command.name()}: give it once`);
    }
    return { ...before, ...own };
  }

  /**
   * The profile that is named before or after any command on the way to this one.
   *
   * @throws {InputError} it is named twice, wrongly, or in contradiction to the environment
   */
  protected profile(): Profile {
    const flags: ProfileFlags[] = [];
    for (let command: typeof this.command | null = this.command; command; command = command.parent) {
      flags.push(command.opts<ProfileFlags>());
    }
    const [profile, ...again] = flags.flatMap((given) => given.profile ?? []);
    if (again.length > 0) throw new InputError('--profile is given twice: give it once');
    return resolveProfile({ profile, dev: flags.some(({ dev }) => dev) });
  }

  /**
   * Where the gateway is, and what else is known of it from flags, variables and files.
   *
   * @throws {InputError} any of it is wrong
   */
  protected settings(flags: SettingFlags): Promise<Settings> {
    return chooseSettings(this.profile(), flags);
  }

  /** @throws {InputError} one of these was given, and would mean nothing */
  protected refuseFlags(flags: object, names: readonly string[], because: string): void {
    const given = names.find((name) => name in flags);
    if (given !== undefined) throw new InputError(`--${given} means nothing here: leave it out, since ${because}`);
  }
}

/** The parser turns `--allow-host` into `allowHost`. */
function asTyped(flag: string): string {
  return `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** @throws {InputError} */
export function parseMilliseconds(flag: string, text: string): number {
  if (/^[1-9][0-9]{0,6}$/.test(text) && Number(text) <= MAX_MILLISECONDS) return Number(text);
  throw new InputError(
    `${flag}: ${JSON.stringify(text)} is not a time; give milliseconds from 1 to ${MAX_MILLISECONDS}, or leave it out`,
  );
}
