import { DEFAULT_PORT } from '../lock/listener/claim-listener.js';
import { InputError } from '../lock/input.error.js';

/** A value together with the name of the place it was given in, such as `--port`. */
export interface Given {
  readonly source: string;
  /** Undefined where nothing was given; the empty string was given, and is wrong. */
  readonly value: string | undefined;
}

/**
 * The port of the first place that gives one.
 *
 * @param places in the order of precedence
 * @throws {InputError} a place gives something that is not a port, even one that is not first
 */
export function choosePort(...places: readonly Given[]): number {
  const [chosen = DEFAULT_PORT] = places.flatMap(({ source, value }) =>
    value === undefined ? [] : [parsePort(value, source)],
  );
  return chosen;
}

/** 1 to 65535 in decimal digits, and no other way to write a number. */
function parsePort(text: string, source: string): number {
  const port = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) {
    throw new InputError(
      `${source}: ${JSON.stringify(text)} is not a port; give a whole number from 1 to 65535 in decimal digits, or leave it out for ${DEFAULT_PORT}`,
    );
  }
  return port;
}
