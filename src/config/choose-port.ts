import { DEFAULT_PORT, MAX_PORT } from '../listener/listen-address.js';
import { InputError } from '../common/input.error.js';
import { DEFAULT_PROFILE } from '../options/holder.options.js';
import { DEV_PROFILE } from './profile.js';

/** A value, with the place where it was given, such as `--port`. */
export interface Given {
  readonly source: string;
  /** Undefined where nothing was given. An empty string was given, and is wrong. */
  readonly value: string | undefined;
  /**
   * What to do instead, for the error.
   * @default 'leave it out'
   */
  readonly wayOut?: string;
}

const DEV_PORT = 19_001;
/** A gateway has its port, and the 19 that follow it, to itself. */
export const PORTS_PER_GATEWAY = 20;
/** The ports of named profiles: below those that operating systems give to programs that ask for any port (ip(7)). */
const SLOTS = { first: 20_000, size: PORTS_PER_GATEWAY, count: 638 } as const;

/** The port of a profile where no other is given. It depends on the name alone, so it is the same on every machine. */
export function portOfProfile(name: string): number {
  if (name === DEFAULT_PROFILE) return DEFAULT_PORT;
  if (name === DEV_PROFILE) return DEV_PORT;
  // Loaded for a named profile alone: it would be a twentieth of the time that a refusal takes.
  const { createHash } = process.getBuiltinModule('node:crypto');
  const slot = createHash('sha256').update(name).digest().readUInt32BE(0) % SLOTS.count;
  return SLOTS.first + slot * SLOTS.size;
}

/**
 * The port from the first place that gives one.
 *
 * @param profileName for the port where no place gives one
 * @param places in the order of precedence
 * @throws {InputError} a place gives something that is not a port, even one that is not first
 */
export function choosePort(profileName: string, ...places: readonly Given[]): number {
  const [chosen = portOfProfile(profileName)] = places.flatMap(({ source, value, wayOut }) =>
    value === undefined ? [] : [parsePort(value, source, wayOut)],
  );
  return chosen;
}

/** 1 to 65535 in decimal digits, and no other way to write a number. */
function parsePort(text: string, source: string, wayOut = 'leave it out'): number {
  const port = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > MAX_PORT) {
    throw new InputError(
      `${source}: ${JSON.stringify(text)} is not a port; give a whole number from 1 to ${MAX_PORT} in decimal digits, or ${wayOut}`,
    );
  }
  return port;
}
