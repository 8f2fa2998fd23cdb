import { InputError } from '../common/input.error.js';
import { parseWholeNumber } from '../common/whole-number.js';
import type { CommandEntry } from './command.js';
import type { Flags } from './flags.js';

/** Where flags may stand on the command line `openclaw … gateway … stop …`. */
export interface TypedFlags {
  /** After the name of the command itself. */
  readonly own: Flags;
  /** Before the name of a command below `gateway`. */
  readonly before?: Flags;
  /** Before `gateway`. */
  readonly first?: Flags;
}

/**
 * The flags of a command, wherever they stand.
 *
 * @throws {InputError} the command does not take one of them, or one stands in two places
 */
export function flagsOf(entry: CommandEntry, { own, before = {}, first = {} }: TypedFlags): Flags {
  const { name, flags, useless } = entry;
  for (const flag of Object.keys(before)) {
    if (!(flag in { ...flags, ...useless?.flags })) {
      throw new InputError(`${asTyped(flag)} is a flag of gateway alone: leave it out before ${name}`);
    }
    if (flag in own) throw new InputError(`${asTyped(flag)} stands before and after ${name}: give it once`);
  }
  const later = { ...before, ...own };
  if (first.profile !== undefined && later.profile !== undefined) {
    throw new InputError('--profile is given twice: give it once');
  }
  if (useless) {
    const unused = Object.keys(later).find((flag) => flag in useless.flags);
    if (unused !== undefined) throw new InputError(useless.because(asTyped(unused)));
  }
  return { ...first, ...later };
}

/** @throws {InputError} one of these flags was given */
export function refuseFlags(flags: Flags, names: readonly (keyof Flags)[], because: string): void {
  const given = names.find((name) => name in flags);
  if (given !== undefined) {
    throw new InputError(`${asTyped(given)} means nothing here: leave it out, since ${because}`);
  }
}

const MAX_MILLISECONDS = 3_600_000;

/**
 * The time that `--timeout` gives, in milliseconds.
 *
 * @throws {InputError} it is not a whole number from 1 to an hour
 */
export function timeoutOf({ timeout }: Flags, defaultMs: number): number {
  if (timeout === undefined) return defaultMs;
  const milliseconds = parseWholeNumber(timeout, 1, MAX_MILLISECONDS);
  if (milliseconds !== undefined) return milliseconds;
  throw new InputError(
    `--timeout: ${JSON.stringify(timeout)} is not a time; give milliseconds from 1 to ${MAX_MILLISECONDS}, or leave it out`,
  );
}

/** The parser turns `--allow-host` into `allowHost`. */
function asTyped(flag: string): string {
  return `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
