import { PORTS_PER_GATEWAY } from './port.js';

export interface PlannedPort {
  readonly name: string;
  readonly port: number;
}

/** The others of a plan whose port is among those of one, or the other way round. */
export function conflictsOf({ name, port }: PlannedPort, plan: readonly PlannedPort[]): PlannedPort[] {
  return plan.filter((other) => other.name !== name && Math.abs(other.port - port) < PORTS_PER_GATEWAY);
}
