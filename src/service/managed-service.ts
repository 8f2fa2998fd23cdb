import { existsSync, readFileSync } from 'node:fs';

import { readTextIfAllowed } from '../common/process-files.js';
import { isInstalled } from './installed-file.js';
import { systemctl, tellSystemd, unitProperties } from './systemctl.js';
import { unitFile, unitNames } from './systemd-service.js';

/** A gateway that a user manager runs, or holds the port for. */
export interface ManagedService {
  readonly unit: string;
  /** As systemd has it: `active`, `activating`, `inactive`, `failed`. */
  readonly state: string;
  /** How often it was started again since it was last started by a person. */
  readonly restarts: number;
  readonly isEnabled: boolean;
  /** Whether a `.socket` unit listens for it. */
  readonly hasSocket: boolean;
}

/**
 * The service of a profile, where `install` has written one. No connection is made: it would start a service that waits for
 * one.
 *
 * @param port the port that is asked about; a service of another port is another gateway
 * @returns `undefined` where there is none, or no manager answers
 */
export async function findManagedService(
  name: { readonly program: string; readonly profile: string },
  port: number | undefined,
): Promise<ManagedService | undefined> {
  const { service, socket } = unitNames(name);
  const file = unitFile(service);
  if (process.platform !== 'linux' || !existsSync(file) || !isInstalled(file)) return undefined;
  if (port !== undefined && !readFileSync(file, 'utf8').includes(` --port=${port}`)) return undefined;
  try {
    const of = await unitProperties(service, ['ActiveState', 'NRestarts', 'UnitFileState']);
    if (of['ActiveState'] === undefined) return undefined;
    const { ActiveState: socketState } = await unitProperties(socket, ['ActiveState']);
    return {
      unit: service,
      state: of['ActiveState'],
      restarts: Number(of['NRestarts'] ?? 0),
      isEnabled: of['UnitFileState'] === 'enabled',
      hasSocket: socketState === 'active',
    };
  } catch {
    // Without systemctl there is no manager that runs it.
    return undefined;
  }
}

/** Whether the manager runs the service, is about to, or listens for it. */
export function isHeld({ state, hasSocket }: ManagedService): boolean {
  return hasSocket || ['active', 'activating', 'deactivating', 'reloading'].includes(state);
}

/**
 * Stops the service, and the socket first, which would start it again.
 *
 * @throws {ServiceError} the manager refuses
 */
export async function stopService({ unit, hasSocket }: ManagedService): Promise<void> {
  const units = hasSocket ? [unit.replace(/service$/, 'socket'), unit] : [unit];
  await tellSystemd('stop', ...ownWait(unit), ...units);
}

/**
 * Starts the service anew, or starts it.
 *
 * @returns what it says of itself once it is ready
 * @throws {ServiceError} it did not start
 */
export async function restartService({ unit }: ManagedService): Promise<string> {
  await systemctl('reset-failed', unit);
  await tellSystemd('restart', ...ownWait(unit), unit);
  return (await unitProperties(unit, ['StatusText']))['StatusText'] ?? '';
}

/** A command that the gateway itself has run is ended together with it, and cannot wait for that. */
function ownWait(unit: string): string[] {
  return readTextIfAllowed('/proc/self/cgroup').includes(`/${unit}`) ? ['--no-block'] : [];
}
