import { DEFAULT_PORT, MAX_PORT } from '../listener/listen-address.js';
import { InputError } from '../common/input.error.js';
import { parseWholeNumber } from '../common/whole-number.js';
import { DEFAULT_PROFILE } from '../options/holder.options.js';
import type { Configuration } from './configuration.js';
import type { Place } from './place.js';
import { DEV_PROFILE, type Profile } from './profile.js';
import { readRememberedPort } from './remembered-port.js';

export const PORT_VARIABLE = 'OPENCLAW_GATEWAY_PORT';

/** Where a port comes from. `running`: from a gateway that runs now; the next start would take another port. */
export type PortOrigin = 'flag' | 'variable' | 'config' | 'remembered' | 'derived' | 'running';

/** A place that may give the port of a gateway. */
export interface PortPlace extends Place<string> {
  readonly origin: PortOrigin;
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
 * The places that may give the port of a gateway, in the order of precedence. Where none does, its profile has one.
 *
 * @param variable that of {@link PORT_VARIABLE}
 * @throws {NotAllowedError | InputError} the remembered port cannot be read
 */
export function portPlaces(
  profile: Profile,
  flag: string | undefined,
  variable: Place<string>,
  { file, port }: Configuration,
): readonly PortPlace[] {
  return [
    { origin: 'flag', source: '--port', value: flag },
    { origin: 'variable', ...variable },
    { origin: 'config', source: `${file}: gateway.port`, value: port?.toString() },
    { origin: 'remembered', ...readRememberedPort(profile) },
  ];
}

/** Where the port that {@link choosePort} gives for these places comes from. */
export function portOrigin(places: readonly PortPlace[]): PortOrigin {
  return places.find(({ value }) => value !== undefined)?.origin ?? 'derived';
}

/**
 * The port from the first place that gives one.
 *
 * @param profileName for the port where no place gives one
 * @param places in the order of precedence
 * @throws {InputError} a place gives something that is not a port, even one that is not first
 */
export function choosePort(profileName: string, ...places: readonly Place<string>[]): number {
  const [chosen = portOfProfile(profileName)] = places.flatMap(({ source, value, wayOut }) =>
    value === undefined ? [] : [parsePort(value, source, wayOut)],
  );
  return chosen;
}

/** 1 to 65535 in decimal digits, and no other way to write a number. */
function parsePort(text: string, source: string, wayOut = 'leave it out'): number {
  const port = parseWholeNumber(text, 1, MAX_PORT);
  if (port === undefined) {
    throw new InputError(
      `${source}: ${JSON.stringify(text)} is not a port; give a whole number from 1 to ${MAX_PORT} in decimal digits, or ${wayOut}`,
    );
  }
  return port;
}
