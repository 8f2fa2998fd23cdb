import { resolve } from 'node:path';

import { InputError } from '../common/input.error.js';
import { readNamedSecret } from '../common/named-secret.js';
import { parseDatabaseUrl } from '../fleet/database-url.js';
import { checkAdvertised, checkFleetName } from '../fleet/fleet-settings.js';
import type { FleetOptions } from '../options/fleet.options.js';
import type { Configuration, ConfiguredFleet } from './configuration.js';
import type { Place } from './place.js';

const FLEET_VARIABLE = 'OPENCLAW_FLEET';
const FLEET_URL_VARIABLE = 'OPENCLAW_FLEET_URL';
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
 * The fleet from flags, variables and the configuration file, in this order; `undefined` where none is named.
 *
 * @param nameVariable the name of a variable in errors
 * @throws {InputError} a value is wrong, or there is no database
 * @throws {NotAllowedError} the file with the URL is another user's, or others may write it
 */
export function chooseFleet(
  flags: FleetFlags,
  environment: NodeJS.ProcessEnv,
  { file, fleet: configured = {} }: Configuration,
  nameVariable: (variable: string) => string,
): FleetOptions | undefined {
  const named = [
    { source: '--fleet', value: flags.fleet },
    { source: nameVariable(FLEET_VARIABLE), value: environment[FLEET_VARIABLE] },
    { source: `${file}: gatewayLock.fleet.name`, value: configured.name },
  ].find(({ value }) => value !== undefined);
  if (named?.value === undefined) {
    refuseWithoutName(flags, file, configured);
    return undefined;
  }
  const name = checkFleetName(named.source, named.value);
  const advertise = flags.advertise ?? configured.advertise;
  const strict = flags.fleetStrict ?? configured.strict;
  if (advertise !== undefined) {
    checkAdvertised(flags.advertise === undefined ? `${file}: gatewayLock.fleet.advertise` : '--advertise', advertise);
  }
  return {
    name,
    url: chooseUrl(flags, urlFiles(flags, environment, file, configured, nameVariable), environment, nameVariable),
    ...(strict !== undefined && { strict }),
    ...(advertise !== undefined && { advertise }),
  };
}

function refuseWithoutName(
  { fleetUrl, fleetUrlFile, advertise, fleetStrict }: FleetFlags,
  file: string,
  configured: ConfiguredFleet,
): void {
  if ((fleetUrl ?? fleetUrlFile ?? advertise ?? fleetStrict) !== undefined) {
    throw new InputError('there is no fleet that this could be of: give --fleet <name> too');
  }
  if (Object.keys(configured).length > 0) {
    throw new InputError(`${file}: gatewayLock.fleet has no name: give one, or leave it out`);
  }
}

/** The files that may hold the URL, the first that is named counts. */
function urlFiles(
  { fleetUrlFile }: FleetFlags,
  environment: NodeJS.ProcessEnv,
  file: string,
  { urlFile }: ConfiguredFleet,
  nameVariable: (variable: string) => string,
): readonly Place<string>[] {
  return [
    { source: '--fleet-url-file', value: fleetUrlFile },
    { source: nameVariable(FLEET_URL_FILE_VARIABLE), value: environment[FLEET_URL_FILE_VARIABLE] },
    { source: `${file}: gatewayLock.fleet.urlFile`, value: urlFile },
  ];
}

/** A file is read again for each connection, since passwords are changed. */
function chooseUrl(
  { fleetUrl, fleetUrlFile }: FleetFlags,
  files: readonly Place<string>[],
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
  const found = files.find(({ value }) => value !== undefined);
  if (found?.value === undefined) {
    throw new InputError(
      `a fleet needs its database: name a file that holds its URL with --fleet-url-file, or set ${FLEET_URL_VARIABLE}`,
    );
  }
  const { source, value: file } = found;
  const read = (): string => readNamedSecret(source, resolve(file), 'a database URL');
  parseDatabaseUrl(`${source}: ${file}`, read());
  return read;
}
