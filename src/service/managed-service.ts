import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { userInfo } from 'node:os';

import { readTextIfAllowed } from '../common/process-files.js';
import type { Holder } from '../listener/holder.js';
import { isInstalled } from './installed-file.js';
import { ServiceError } from './service.error.js';
import { tellSystemd, unitProperties, type UnitProperties } from './systemctl.js';
import { startUnit, unitFile, unitNames } from './systemd-service.js';
import { uptimeSeconds, waitingText } from './waiting-text.js';

/** What an operator types for a program, and which of its gateways. */
export interface ServiceName {
  readonly program: string;
  readonly profile: string;
}

/** A gateway that a user manager runs, or holds the port for. */
export interface ManagedService {
  readonly unit: string;
  /** As systemd has it: `active`, `activating`, `inactive`, `failed`. */
  readonly state: string;
  /** How often it was started again since it was last started by a person. */
  readonly restarts: number;
  readonly isEnabled: boolean;
  /** Whether it runs while its user is not logged in (loginctl(1)). */
  readonly lingers: boolean;
  /** The `.socket` units that listen for it. */
  readonly sockets: readonly string[];
  /** A file that its command needs, and that is gone: an upgrade has moved it. */
  readonly missingFile?: string;
  /** The file that it writes its log to; missing where that is the journal, and while it does not run. */
  readonly logFile?: string;
  /** What the manager is about to do, while the service does not run: `starts it again in 4 s (restart 3 of 10)`. */
  readonly next?: string;
}

/** The properties of a service; a version of systemd leaves out those that it does not know. */
const PROPERTIES = [
  'ActiveState',
  'SubState',
  'NRestarts',
  'UnitFileState',
  'StandardOutput',
  'MainPID',
  'StateChangeTimestampMonotonic',
  'RestartUSec',
  'RestartUSecNext',
  'StartLimitBurst',
];

/**
 * The service of a profile, where `install` has written one. No connection is made: it would start a service that waits for
 * one.
 *
 * @param port the port that is asked about; a service of another port is another gateway
 * @returns `undefined` where there is none, or no manager answers
 */
export async function findManagedService(
  name: ServiceName,
  port: number | undefined,
): Promise<ManagedService | undefined> {
  const { service, socket, socketOnIPv6 } = unitNames(name);
  const file = unitFile(service);
  if (process.platform !== 'linux' || !existsSync(file) || !isInstalled(file)) return undefined;
  const text = readFileSync(file, 'utf8');
  if (port !== undefined && !isForPort(text, port)) return undefined;
  try {
    const of = await unitProperties(service, PROPERTIES);
    const { ActiveState: state } = of;
    if (state === undefined) return undefined;
    const sockets: string[] = [];
    for (const unit of [socket, socketOnIPv6].filter((unit) => existsSync(unitFile(unit)))) {
      const { ActiveState: socketState } = await unitProperties(unit, ['ActiveState']);
      if (socketState === 'active') sockets.push(unit);
    }
    const missingFile = commandOf(text).find((path) => !existsSync(path));
    const logFile = logFileOf(of);
    const next = waitingText(of, { hasSocket: sockets.length > 0, now: uptimeSeconds() });
    return {
      unit: service,
      state,
      restarts: Number(of['NRestarts'] ?? 0),
      isEnabled: of['UnitFileState'] === 'enabled',
      lingers: existsSync(`/var/lib/systemd/linger/${userInfo().username}`),
      sockets,
      ...(missingFile !== undefined && { missingFile }),
      ...(logFile !== undefined && { logFile }),
      ...(next !== undefined && { next }),
    };
  } catch (error) {
    // Without systemctl there is no manager that runs it.
    if (error instanceof ServiceError) return undefined;
    throw error;
  }
}

/** Whether the manager runs the service, is about to, or listens for it. */
export function isUnderManager({ state, sockets }: ManagedService): boolean {
  return sockets.length > 0 || ['active', 'activating', 'deactivating', 'reloading'].includes(state);
}

/** Says of a port that a manager holds for which service it does, and what comes next. Any other holder stays as it is. */
export async function nameWaiting(holder: Holder, name: ServiceName, port: number): Promise<Holder> {
  if (holder.verdict !== 'waiting') return holder;
  const service = await findManagedService(name, port);
  if (service?.next === undefined) return holder;
  return { ...holder, heldFor: `held for ${service.unit} by systemd, which ${service.next}` };
}

/**
 * Stops the service, and its sockets first, which would start it again.
 *
 * @throws {ServiceError} the manager refuses
 */
export async function stopService({ unit, sockets }: ManagedService): Promise<void> {
  await tellSystemd('stop', ...ownWait(unit), ...sockets, unit);
}

/**
 * Starts the service, or starts it anew.
 *
 * @returns what it says of itself once it is ready
 * @throws {ServiceError} `not started`
 */
export function startService({ unit }: ManagedService, how: 'start' | 'restart'): Promise<string> {
  return startUnit(unit, how, ownWait(unit));
}

/** Units are written with the port in their command. */
function isForPort(text: string, port: number): boolean {
  return new RegExp(`^ExecStart=.* --port=${port}(?: |$)`, 'm').test(text);
}

/** systemd tells that it is a file, and not which one. */
function logFileOf({ StandardOutput: output = '', MainPID: pid = '0' }: UnitProperties): string | undefined {
  if (!/^(?:append|file|truncate)\b/.test(output) || pid === '0') return undefined;
  try {
    return readlinkSync(`/proc/${pid}/fd/1`);
  } catch {
    return undefined;
  }
}

/** The two paths that a unit of ours begins its command with; none where they are written with escapes. */
function commandOf(text: string): readonly string[] {
  const [, node, script] = /^ExecStart=(\/[^\s"%$\\]+) (\/[^\s"%$\\]+) /m.exec(text) ?? [];
  return node !== undefined && script !== undefined ? [node, script] : [];
}

/** A command that the gateway itself has run is ended together with it, and cannot wait for that. */
function ownWait(unit: string): string[] {
  return readTextIfAllowed('/proc/self/cgroup').includes(`/${unit}`) ? ['--no-block'] : [];
}
