import { uptime } from '../holder/describe-holder.js';
import { printable } from '../common/printable.js';
import { FleetError, type FleetHolder } from './fleet.error.js';

/** Describes the active gateway of a fleet in half a sentence. */
export function describeFleetHolder({ version, host, pid, since, token }: FleetHolder, now = Date.now()): string {
  return printable(`gateway ${version}, host ${host}, pid ${pid}, since ${uptime(now - since)}, token ${token}`);
}

/** Why a gateway that does not wait is refused. */
export function refusalOf(
  fleet: string,
  holder: (FleetHolder & { readonly isStranger: boolean }) | undefined,
): FleetError {
  if (!holder || holder.isStranger) {
    return new FleetError(
      'GATEWAY_FLEET_STRANGER',
      `another program holds the lock of fleet ${fleet} in this database: have it use another key, or give the fleet another name`,
    );
  }
  const where = printable(holder.url ?? `host ${holder.host}`);
  return new FleetError(
    'GATEWAY_FLEET_IN_USE',
    `another gateway is already active in fleet ${fleet} (${where})`,
    holder,
    fleet,
  );
}
