import { homedir } from 'node:os';
import { join } from 'node:path';

import { launchAgent } from './launch-agent.js';
import { InputError } from '../common/input.error.js';
import { runProgram } from './run-program.js';
import { applyChanges, planChanges } from './service-files.js';
import { ServiceError } from './service.error.js';
import { LABEL_PREFIX } from './supervisor.js';
import type { ServicePlan } from './systemd-unit.js';
import type { InstallOptions, ServiceOutcome } from './systemd-service.js';

export interface LaunchdPlan extends ServicePlan {
  readonly logFile: string;
}

export function printAgent(plan: LaunchdPlan): string {
  return launchAgent({ ...plan, label: labelOf(plan) });
}

/**
 * What an install would change.
 *
 * @throws {InputError} the agent was changed by hand, or is to do what launchd does not
 * @throws {ServiceError} `foreign`: an agent of this name was not written by an install
 */
export function planAgent(plan: LaunchdPlan, { force, ...options }: InstallOptions): ServiceOutcome {
  refuseUnknown(plan, options);
  const path = agentFile(plan);
  const changes = planChanges([{ path, text: printAgent(plan) }], force, 'give --force to replace it');
  return { unit: labelOf(plan), changes, warnings: [] };
}

/**
 * Writes the agent, and has launchd run it. launchd reads a file again only when the agent was taken out before.
 *
 * @throws {ServiceError} launchd refuses
 */
export async function installAgent(plan: LaunchdPlan, options: InstallOptions): Promise<ServiceOutcome> {
  const outcome = planAgent(plan, options);
  const isChanged = outcome.changes.some(({ change }) => change !== 'unchanged');
  applyChanges(outcome.changes);
  if (!options.start) return outcome;
  const isLoaded = await isAgentLoaded(plan);
  if (isLoaded && isChanged) await tellLaunchd('bootout', `${domain()}/${labelOf(plan)}`);
  if (!isLoaded || isChanged) await tellLaunchd('bootstrap', domain(), agentFile(plan));
  return outcome;
}

/** @throws {ServiceError} launchd refuses */
export async function uninstallAgent(plan: Pick<LaunchdPlan, 'program' | 'profile'>): Promise<ServiceOutcome> {
  const changes = planChanges([{ path: agentFile(plan), text: undefined }], false, '');
  if (changes.length > 0) {
    if (await isAgentLoaded(plan)) await tellLaunchd('bootout', `${domain()}/${labelOf(plan)}`);
    applyChanges(changes);
  }
  return { unit: labelOf(plan), changes, warnings: [] };
}

/** Whether launchd has the agent of this profile. */
export async function isAgentLoaded(plan: Pick<LaunchdPlan, 'profile'>): Promise<boolean> {
  return (await runProgram('launchctl', ['print', `${domain()}/${labelOf(plan)}`])).code === 0;
}

function refuseUnknown({ environmentFile }: LaunchdPlan, { socket, linger }: Omit<InstallOptions, 'force'>): void {
  if (environmentFile !== undefined) {
    throw new InputError('--env: launchd reads no file of variables: leave it out, and use the configuration file');
  }
  const given = [...(socket ? ['--socket'] : []), ...(linger ? ['--linger'] : [])];
  if (given.length > 0) throw new InputError(`${given.join(' and ')}: launchd has nothing of that kind: leave it out`);
}

function labelOf({ profile }: Pick<LaunchdPlan, 'profile'>): string {
  return `${LABEL_PREFIX}${profile}`;
}

function agentFile(plan: Pick<LaunchdPlan, 'profile'>): string {
  return join(homedir(), 'Library/LaunchAgents', `${labelOf(plan)}.plist`);
}

function domain(): string {
  return `gui/${process.getuid?.() ?? 0}`;
}

async function tellLaunchd(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await runProgram('launchctl', args);
  if (code !== 0) throw new ServiceError('failed', `launchctl ${args.join(' ')}: ${stderr.trim()}`);
}
