import { existsSync, readdirSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { basename, join } from 'node:path';

import { DEFAULT_HOST } from '../listener/listen-address.js';
import { DEFAULT_PROFILE } from '../options/holder.options.js';
import { runProgram } from './run-program.js';
import { applyChanges, planChanges, type FileChange, type ServiceFile } from './service-files.js';
import { ServiceError } from './service.error.js';
import { needUserManager, systemctl, tellSystemd, unitProperties } from './systemctl.js';
import { systemdSocket, systemdSocketOnIPv6, systemdUnit, type ServicePlan } from './systemd-unit.js';

export interface InstallOptions {
  /** Whether the manager listens, and starts the gateway on the first connection. */
  readonly socket: boolean;
  /** Replaces files that were changed by hand. */
  readonly force: boolean;
  /** Whether it is started now, and not only at the next login. */
  readonly start: boolean;
  /** Whether it runs while its user is not logged in. */
  readonly linger: boolean;
}

/** What an install or an uninstall has done, or would do. */
export interface ServiceOutcome {
  readonly unit: string;
  readonly changes: readonly FileChange[];
  /** What an operator should know of. */
  readonly warnings: readonly string[];
  /** What the service says of itself, where it was started. */
  readonly status?: string;
}

/** Names of units, and where their files are. */
export interface UnitNames {
  readonly service: string;
  readonly socket: string;
  /** For `[::1]`; no profile has a dot in its name. */
  readonly socketOnIPv6: string;
}

/** The units of a profile. OpenClaw itself has a unit of the same name. */
export function unitNames({ program, profile }: Pick<ServicePlan, 'program' | 'profile'>): UnitNames {
  const name = profile === DEFAULT_PROFILE ? `${program}-gateway` : `${program}-gateway-${profile}`;
  return { service: `${name}.service`, socket: `${name}.socket`, socketOnIPv6: `${name}.ipv6.socket` };
}

/** The texts of the units, one after the other: the same on every machine with the same paths. */
export function printUnits(plan: ServicePlan, { socket }: Pick<InstallOptions, 'socket'>): string {
  return unitsOf(plan, socket)
    .flatMap(({ text }) => text ?? [])
    .join('\n');
}

function unitsOf(plan: ServicePlan, hasSocket: boolean): ServiceFile[] {
  const { service, socket, socketOnIPv6 } = unitNames(plan);
  const hasIPv6 = plan.host === DEFAULT_HOST;
  return [
    { path: unitFile(service), text: systemdUnit(plan) },
    { path: unitFile(socket), text: hasSocket ? systemdSocket(plan) : undefined },
    { path: unitFile(socketOnIPv6), text: hasSocket && hasIPv6 ? systemdSocketOnIPv6(plan, service) : undefined },
  ];
}

/**
 * What an install would change.
 *
 * @throws {InputError} a unit was changed by hand, or cannot be written for this gateway
 * @throws {ServiceError} `foreign`: a unit of this name was not written by an install
 */
export function planInstall(plan: ServicePlan, { socket, force }: InstallOptions): ServiceOutcome {
  const { service } = unitNames(plan);
  const changes = planChanges(
    unitsOf(plan, socket),
    force,
    `put your lines into a drop-in (systemctl --user edit ${service}), or give --force`,
  );
  return { unit: service, changes, warnings: dropIns(service) };
}

/**
 * Writes the units, and has the manager run them. What is there already stays as it is: a second install changes nothing.
 *
 * @throws {ServiceError} the manager is not there, or refuses; the service did not start
 */
export async function installUnits(plan: ServicePlan, options: InstallOptions): Promise<ServiceOutcome> {
  await needUserManager();
  const outcome = planInstall(plan, options);
  const { service } = unitNames(plan);
  const changed = outcome.changes.filter(({ change }) => change !== 'unchanged');
  const sockets = outcome.changes.filter(({ path }) => path.endsWith('.socket'));
  const isSocketChanged = sockets.some(({ change }) => change !== 'unchanged');
  for (const one of sockets.filter(({ change }) => change === 'removed')) {
    await systemctl('disable', '--now', '--quiet', unitOf(one));
  }
  applyChanges(outcome.changes);
  if (changed.length > 0) await tellSystemd('daemon-reload');
  // A socket is not bound beside a service that has the port, nor anew while its service runs.
  if (options.start && isSocketChanged) await systemctl('stop', ...sockets.map(unitOf), service);
  const wanted = sockets.filter(({ text }) => text !== undefined).map(unitOf);
  await tellSystemd('enable', '--quiet', ...wanted, service);
  const warnings = [...outcome.warnings, ...(await lingering(options.linger))];
  if (!options.start) return { ...outcome, warnings };
  // The service takes the port over from its sockets: they have to be there before it.
  warnings.push(...(await startSockets(wanted)));
  return { ...outcome, warnings, status: await startUnit(service, changed.length > 0 ? 'restart' : 'start') };
}

/** @returns what an operator should know of a socket that is not there, and need not be */
async function startSockets([socket, ...onIPv6]: readonly string[]): Promise<string[]> {
  if (socket !== undefined) await tellSystemd('start', socket);
  const warnings: string[] = [];
  for (const unit of onIPv6) {
    const { code } = await systemctl('start', unit);
    if (code !== 0)
      warnings.push(`${unit} did not start, so systemd does not listen on [::1]: this machine may have no IPv6`);
  }
  return warnings;
}

function unitOf({ path }: FileChange): string {
  return basename(path);
}

/**
 * Stops the service and removes its units, where an install has written them. The state folder stays.
 *
 * @throws {ServiceError} the manager is not there, or refuses
 */
export async function uninstallUnits(plan: Pick<ServicePlan, 'program' | 'profile'>): Promise<ServiceOutcome> {
  const { service, socket, socketOnIPv6 } = unitNames(plan);
  const changes = planChanges(
    [socket, socketOnIPv6, service].map((unit) => ({ path: unitFile(unit), text: undefined })),
    false,
    '',
  );
  if (changes.length > 0) {
    await needUserManager();
    // The sockets first: they would start the service again.
    for (const change of changes) await tellSystemd('disable', '--now', '--quiet', unitOf(change));
    applyChanges(changes);
    await tellSystemd('daemon-reload');
    await systemctl('reset-failed', ...changes.map(unitOf));
  }
  return { unit: service, changes, warnings: dropIns(service) };
}

/** Whether the manager runs this service now. */
export async function isUnitActive(plan: Pick<ServicePlan, 'program' | 'profile'>): Promise<boolean> {
  const { service, socket, socketOnIPv6 } = unitNames(plan);
  for (const unit of [service, socket, socketOnIPv6]) {
    const { ActiveState: state } = await unitProperties(unit, ['ActiveState']);
    if (state === 'active' || state === 'activating' || state === 'deactivating') return true;
  }
  return false;
}

/** Where the file of a unit of this user is. */
export function unitFile(unit: string): string {
  // An empty value counts as none (XDG Base Directory Specification).
  const { XDG_CONFIG_HOME: configured = '' } = process.env;
  return join(configured === '' ? join(homedir(), '.config') : configured, 'systemd/user', unit);
}

/**
 * Starts the service, or starts it anew. One that the manager has given up is no exception: its count begins again.
 *
 * @param flags of systemctl
 * @returns what it says of itself once it is ready
 * @throws {ServiceError} `not started`
 */
export async function startUnit(
  service: string,
  how: 'start' | 'restart',
  flags: readonly string[] = [],
): Promise<string> {
  await systemctl('reset-failed', service);
  const { code } = await systemctl(how, ...flags, service);
  const { StatusText: status = '', ExecMainStatus: exitCode = '' } = await unitProperties(service, [
    'StatusText',
    'ExecMainStatus',
  ]);
  if (code === 0) return status;
  const said = status === '' ? '' : `, and last said "${status}"`;
  throw new ServiceError(
    'not started',
    `${service} did not start: it ended with ${exitCode}${said}; why: journalctl --user -u ${service} -n 20`,
  );
}

/** Lines of a person, which count beside ours, and are never touched. */
function dropIns(unit: string): string[] {
  const folder = `${unitFile(unit)}.d`;
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((name) => `${join(folder, name)} counts too, and was left as it is`);
}

/** Without lingering a user manager ends with the last session of its user, and all services with it (loginctl(1)). */
async function lingering(isWanted: boolean): Promise<string[]> {
  const { username } = userInfo();
  if (existsSync(`/var/lib/systemd/linger/${username}`)) return [];
  if (!isWanted) {
    return [`it ends when ${username} logs out, and does not start at boot: give --linger, or: loginctl enable-linger`];
  }
  const { code, stderr } = await runProgram('loginctl', ['enable-linger']);
  return code === 0
    ? []
    : [`lingering could not be turned on (${stderr.trim()}): ask root for: loginctl enable-linger ${username}`];
}
