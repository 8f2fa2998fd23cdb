import { resolve } from 'node:path';

import type { FleetOptions } from '../options/fleet.options.js';
import type { Flags } from './flags.js';

/**
 * The flags of a fleet for a gateway that is started for an operator. It stands by: an active one on another host is no
 * failure.
 *
 * @param fleet missing where the gateway is in none
 */
export function fleetFlags(fleet: FleetOptions | undefined, flags: Flags): string[] {
  if (!fleet) return [];
  const { fleetUrl, fleetUrlFile, fleetStrict, advertise } = flags;
  return [
    ...(flags.fleet === undefined ? [] : [`--fleet=${flags.fleet}`]),
    ...(fleetUrl === undefined ? [] : [`--fleet-url=${fleetUrl}`]),
    ...(fleetUrlFile === undefined ? [] : [`--fleet-url-file=${resolve(fleetUrlFile)}`]),
    ...(fleetStrict ? ['--fleet-strict'] : []),
    ...(advertise === undefined ? [] : [`--advertise=${advertise}`]),
    '--standby',
  ];
}
