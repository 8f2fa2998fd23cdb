import type { INestApplication } from '@nestjs/common';

import { logTime } from '../common/log-line.js';
import { lockOptions, refusePublicHostWithoutToken, type Settings } from '../config/choose-settings.js';
import { acquireLock } from '../holder/acquire-lock.js';
import { describeHolder } from '../holder/describe-holder.js';
import { LOG_VARIABLE } from '../launcher/log-variable.js';
import { claimListener } from '../listener/claim-listener.js';
import type { ClaimedListener } from '../listener/claimed-listener.js';
import { GatewayLockError } from '../listener/gateway-lock.error.js';
import type { Holder } from '../listener/holder.js';
import { addressOfUrl } from '../listener/listen-address.js';
import type { GatewayLockOptions } from '../options/gateway-lock.options.js';
import { ACQUIRE_DEFAULTS } from '../options/holder.options.js';
import { describeError, ExitCode } from '../process/exit-code.js';
import { outliveReaders, takeGatewayTitle } from '../process/init-gateway-process.js';
import { complain, writeLogLine } from '../process/print.js';
import { reportFailure, type FailureOptions } from '../process/report-failure.js';
import { StopSignals, type StopSignal } from '../process/stop-signals.js';
import type { Heir } from '../service/heir.js';
import type { ServiceManager } from '../service/service-manager.js';
import { portOfCard, whoHoldsProfile, type ProfileHolder } from '../state-folder/who-holds-profile.js';
import { DEFAULT_TIMEOUT_MS, type Flags } from './flags.js';
import type { Program } from './command.js';

/** What has started this process, apart from a person. */
export interface Starter {
  readonly manager: ServiceManager;
  /** Where it was a gateway, which this process is to succeed. */
  readonly heir: Heir | undefined;
}

/**
 * Runs a gateway until it stops. The app is loaded by the process that has the port: one that is refused is gone before
 * another could have loaded it.
 *
 * @returns the exit code
 */
export async function claimThenRun(
  settings: Settings,
  flags: Flags,
  program: Program,
  { manager, heir }: Starter,
): Promise<number> {
  const { ensure = false, json = false } = flags;
  const { profile } = settings;
  const background = process.env[LOG_VARIABLE] === '1' ? { [LOG_VARIABLE]: '1' } : undefined;
  const detached = background && (await import('../launcher/serve-detached.js'));
  detached?.serveDetached(profile.stateFolder);
  const isEnough = (holder: Holder): Promise<boolean> | boolean => ensure && isReady(holder, settings);
  const failure: FailureOptions = { json, isEnough, program: program.name };

  takeGatewayTitle();
  outliveReaders();
  const signals = new StopSignals();
  let taken: TakenLock | undefined;
  try {
    refusePublicHostWithoutToken(settings);
    heir?.check(settings);
    taken = await takeLock(settings, flags, program, { manager, heir }, signals.first);
  } catch (error) {
    heir?.failed(describeError(error));
    return reportFailure(await withService(error, settings, program), failure, profile.name);
  }
  if (!taken) return ExitCode.OK;
  const { lock, hasFailed = false } = taken;
  const createApp = (): Promise<INestApplication> =>
    program.createApp({
      settings,
      lock: { protocol: 'openclaw', ...lockOptions(settings, program.name), ...lock },
      verbose: flags.verbose ?? 0,
    });
  // Before anything with a decorator, in whatever order a bundler puts the rest.
  await import('reflect-metadata');
  const { runGateway } = await import('./load-nest.js');
  const ours = { hasFailed, signals, title: true, manager, heir };
  const behind = detached && { background, started: () => detached.takePlace(profile.stateFolder) };
  return runGateway(createApp, { json, isEnough, ...ours, ...behind });
}

/** What the app is given for its lock: a listener that is bound, or how to come to one. */
interface TakenLock {
  readonly lock: GatewayLockOptions;
  /** Whether the holder was to be stopped, in vain. */
  readonly hasFailed?: boolean;
}

/** @returns undefined where a signal came first */
async function takeLock(
  settings: Settings,
  flags: Flags,
  program: Program,
  { manager, heir }: Starter,
  signal: Promise<StopSignal>,
): Promise<TakenLock | undefined> {
  const { force, standby = false } = flags;
  const stopped = signal.then(() => undefined);
  const waits = standby && {
    acquire: { wait: 'standby', onWait: announceWait, onWaitForAddress: announceAddress } as const,
  };
  // Where the port is passed on, there is still a fleet to wait for.
  const waitsForFleet = settings.fleet && waits;
  if (heir) return { lock: { ...waitsForFleet, claim: () => claimAfter(heir, settings, manager) } };
  const inherited = await manager.inherit(settings);
  if (inherited) return { lock: { ...waitsForFleet, listener: inherited } };
  // A standby, and a start that has made room, take the port with the app, which is then loaded already.
  if (waits) return { lock: waits };
  if (force === undefined) {
    const claimed = await Promise.race([claim(settings), stopped]);
    return claimed && { lock: claimed };
  }
  const hasRoom = await Promise.race([makeRoom(settings, force === 'kill', program, flags), stopped]);
  return hasRoom === undefined ? undefined : { lock: takingOver(settings), hasFailed: !hasRoom };
}

/** Only now may this process accept connections: the gateway before it serves no more. */
async function claimAfter(
  { descriptors }: Heir,
  settings: Settings,
  manager: ServiceManager,
): Promise<ClaimedListener> {
  return (await manager.inherit(settings, descriptors)) ?? claimListener(settings);
}

/** A port that a service manager holds is held for one of its services, which it can name. */
async function withService(error: unknown, { profile, port }: Settings, program: Program): Promise<unknown> {
  if (!(error instanceof GatewayLockError) || error.holder?.verdict !== 'waiting') return error;
  const { nameWaiting } = await import('../service/managed-service.js');
  return error.heldBy(await nameWaiting(error.holder, { program: program.name, profile: profile.name }, port));
}

/** The active gateway of a fleet is on another host, where this command does not reach its port. */
function takingOver({ fleet }: Settings): GatewayLockOptions {
  return fleet ? { fleet: { ...fleet, takeOver: true } } : {};
}

async function claim(settings: Settings): Promise<{ readonly listener: ClaimedListener }> {
  return { listener: await acquireLock(() => claimListener(settings), ACQUIRE_DEFAULTS, new AbortController().signal) };
}

/**
 * Stops the holder. Whatever comes of it, the bind decides, and its refusal says who is there then.
 *
 * @returns whether the holder was stopped, or there was none
 */
async function makeRoom(settings: Settings, kill: boolean, program: Program, flags: Flags): Promise<boolean> {
  const { describeStop, stopGateway } = await import('./stop-gateway.js');
  const { whileWaiting } = await import('./progress.js');
  const notice = { reason: `${program.name} gateway --force, pid ${process.pid}`, restartExpectedMs: null };
  const stopping = stopGateway(settings, { kill, timeoutMs: DEFAULT_TIMEOUT_MS.stop, program, notice });
  const outcome = await whileWaiting(`waiting for port ${settings.port}`, stopping, flags);
  const isInVain = outcome.kind === 'refused' || outcome.kind === 'late';
  const tookPlace = outcome.kind === 'stopped' && outcome.successor !== undefined;
  if (tookPlace || isInVain) complain(describeStop(outcome, settings));
  return !isInVain;
}

function announceWait(holder: Holder): void {
  logStandby(`standing by for ${holder.url}: ${describeHolder(holder)}`);
}

function announceAddress(url: string): void {
  logStandby(`standing by for ${url}: this machine does not have this address yet`);
}

/** Not through Nest: an app may have no logger, and an operator is to hear of it all the same. */
function logStandby(message: string): void {
  writeLogLine({ time: logTime(), level: 'info', pid: process.pid, subsystem: 'gateway/standby', message });
}

/** Another state folder can have a gateway of the same name. */
async function isReady(holder: Holder, { profile, fleet }: Settings): Promise<boolean> {
  // One that stands by is all that a start in a fleet can have while another host is active.
  const standsBy = holder.verdict === 'standby' && fleet !== undefined && holder.card?.fleet?.name === fleet.name;
  if (holder.verdict !== 'ready' && !standsBy) return false;
  const ofProfile = await whoHoldsProfile(profile.stateFolder);
  return ofProfile !== undefined && ofProfile !== 'unknown' && isSameGateway(holder, ofProfile);
}

/** Any user can show the card of the gateway of the profile on another port. */
export function isSameGateway({ card, url }: Holder, ofProfile: ProfileHolder): boolean {
  return card?.instanceId === ofProfile.card.instanceId && addressOfUrl(url).port === portOfCard(ofProfile.card);
}
