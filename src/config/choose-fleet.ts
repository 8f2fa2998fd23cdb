import { resolve } from 'node:path';

import { InputError } from '../common/input.error.js';
import { NotAllowedError } from '../common/not-allowed.error.js';
import { codeOf, readIfThere } from '../common/own-file.js';
import { parseDatabaseUrl } from '../fleet/database-url.js';
import { checkAdvertised, checkFleetName } from '../fleet/fleet-settings.js';
import type { FleetOptions } from '../options/fleet.options.js';

export const FLEET_VARIABLE = 'OPENCLAW_FLEET';
export const FLEET_URL_VARIABLE = 'OPENCLAW_FLEET_URL';
export const FLEET_URL_FILE_VARIABLE = 'OPENCLAW_FLEET_URL_FILE';

/** Flags that say which fleet a gateway is in, as they were typed. */
export interface FleetFlags {
  readonly fleet?: string | undefined;
  readonly fleetUrl?: string | undefined;
  readonly fleetUrlFile?: string | undefined;
  readonly fleetStrict?: boolean | undefined;
  readonly advertise?: string | undefined;
}

/**
 * The fleet from flags and variables; `undefined` where none is named.
 *
 * @param nameVariable the name of a variable in errors
 * @throws {InputError} a value is wrong, or there is no database
 * @throws {NotAllowedError} the file with the URL is another user's, or others may write it
 */
export function chooseFleet(
  flags: FleetFlags,
  environment: NodeJS.ProcessEnv,
  nameVariable: (variable: string) => string,
): FleetOptions | undefined {
  const { fleet, fleetUrl, fleetUrlFile, fleetStrict, advertise } = flags;
  const name = fleet ?? environment[FLEET_VARIABLE];
  if (name === undefined) {
    const given = fleetUrl ?? fleetUrlFile ?? advertise ?? fleetStrict;
    if (given === undefined) return undefined;
    throw new InputError(`there is no fleet that this could be of: give --fleet <name> too`);
  }
  checkFleetName(fleet === undefined ? nameVariable(FLEET_VARIABLE) : '--fleet', name);
  if (advertise !== undefined) checkAdvertised('--advertise', advertise);
  return {
    name,
    url: chooseUrl(flags, environment, nameVariable),
    ...(fleetStrict !== undefined && { strict: fleetStrict }),
    ...(advertise !== undefined && { advertise }),
  };
}

/** A file is read again for each connection, since passwords are changed. */
function chooseUrl(
  { fleetUrl, fleetUrlFile }: FleetFlags,
  environment: NodeJS.ProcessEnv,
  nameVariable: (variable: string) => string,
): FleetOptions['url'] {
  if (fleetUrl !== undefined && fleetUrlFile !== undefined) {
    throw new InputError('--fleet-url and --fleet-url-file both name the database: give one of them');
  }
  if (fleetUrl !== undefined) {
    if (parseDatabaseUrl('--fleet-url', fleetUrl).password === undefined) return fleetUrl;
    throw new InputError(
      `--fleet-url: every user of this machine can see a password there: give the URL in a file, with --fleet-url-file, or in ${FLEET_URL_VARIABLE}`,
    );
  }
  const variable = environment[FLEET_URL_VARIABLE];
  if (fleetUrlFile === undefined && variable !== undefined) {
    parseDatabaseUrl(nameVariable(FLEET_URL_VARIABLE), variable);
    return variable;
  }
  const file = fleetUrlFile ?? environment[FLEET_URL_FILE_VARIABLE];
  if (file === undefined) {
    throw new InputError(
      `a fleet needs its database: name a file that holds its URL with --fleet-url-file, or set ${FLEET_URL_VARIABLE}`,
    );
  }
  const source = fleetUrlFile === undefined ? nameVariable(FLEET_URL_FILE_VARIABLE) : '--fleet-url-file';
  const read = (): string => readUrl(source, resolve(file));
  parseDatabaseUrl(`${source}: ${file}`, read());
  return read;
}

function readUrl(source: string, file: string): string {
  let text: string | undefined;
  try {
    text = readIfThere(file, { links: true, orRoots: true });
  } catch (error) {
    if (error instanceof NotAllowedError) throw error;
    throw new InputError(`${source}: ${file} cannot be read (${codeOf(error)}): name a file that holds a database URL`);
  }
  if (text === undefined) throw new InputError(`${source}: there is no ${file}: name a file that holds a database URL`);
  return text.trim();
}
