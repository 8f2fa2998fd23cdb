import { PORTS_PER_GATEWAY } from './choose-port.js';

/** A gateway, by name, and its port. */
export interface PlannedPort {
  readonly name: string;
  readonly port: number;
}

/** The other gateways of a plan whose ports overlap with those of this one. */
export function conflictsOf({ name, port }: PlannedPort, plan: readonly PlannedPort[]): PlannedPort[] {
  return plan.filter((other) => other.name !== name && Math.abs(other.port - port) < PORTS_PER_GATEWAY);
}
