import { chooseSettings } from '../config/choose-settings.js';
import { GatewayCallError } from '../control/client/gateway-call.error.js';
import { isMeant } from '../holder/stop-holder.js';
import { isOwn, UNHURRIED_MS, whoHolds } from '../holder/who-holds.js';
import type { LaunchedGateway, LaunchOptions } from '../launcher/launch-options.js';
import { isLaunched, restartedInPlace, restartLaunched } from '../launcher/restart-gateway.js';
import type { GatewayCard } from '../listener/holder.js';
import { DEFAULT_PROFILE } from '../options/holder.options.js';
import { ExitCode } from '../process/exit-code.js';
import { printResult } from '../process/print.js';
import { findManagedService, isUnderManager, startService, type ManagedService } from '../service/managed-service.js';
import { readProofSecret } from '../state-folder/proof-secret.js';
import type { Invocation } from './command.js';
import { timeoutOf } from './flags-of.js';
import { DEFAULT_TIMEOUT_MS, type Flags } from './flags.js';
import { handOver } from './hand-over.js';
import { order } from './order.js';
import { failureAsJson } from './request.command.js';
import { whileWaiting } from './progress.js';
import { launchOptions, whileLaunching } from './start.command.js';
import { askToStop, describeStop, stopExitCode, stopGateway } from './stop-gateway.js';
import { commandToStart, isPortGiven, whereItRuns, withWayOut, type LocatedSettings } from './where-it-runs.js';

/** How long a gateway may take to accept the order to restart, in milliseconds. */
const ORDER_TIMEOUT_MS = 2_000;
/** What clients are told of a gateway that is stopped and started again: its stop may take 1 s, and its start as long. */
const AWAY_MS = 5_000;

/**
 * Restarts the gateway: has the service manager do it, stops and starts one that runs in the background, has one in the
 * foreground start itself anew in its place, and where that cannot be, stops it and says how to start it again.
 */
export async function restart(invocation: Invocation): Promise<number> {
  const { flags, profile, program } = invocation;
  const timeoutMs = timeoutOf(flags, DEFAULT_TIMEOUT_MS.start);
  const chosen = await chooseSettings(profile, flags);
  if (flags.handover) return handOverOrSay(await whereItRuns(chosen), timeoutMs, invocation);
  const service = await findManagedService(
    { program: program.name, profile: profile.name },
    isPortGiven(chosen) ? chosen.port : undefined,
  );
  if (service && isUnderManager(service)) return restartManaged(service, flags);
  const settings = await whereItRuns(chosen);
  const exitCode = await whileLaunching(flags, async (signal) => {
    const options = { ...launchOptions(invocation, settings), timeoutMs, signal, report: () => undefined };
    const restarting = restartSomehow(settings, options, `${program.name} gateway restart`);
    const what = `waiting for the gateway on port ${settings.port} to be back`;
    const gateway = await whileWaiting(what, restarting, flags);
    return gateway && report(flags.json, gateway);
  }).catch((error: unknown) => failureAsJson(error, flags));
  return exitCode ?? stopOnly(settings, invocation);
}

/** Has the service manager restart the gateway that it runs. */
async function restartManaged(service: ManagedService, { json }: Flags): Promise<number> {
  const status = await startService(service, 'restart');
  const outcome = { ok: true, kind: 'restarted', unit: service.unit, status, exitCode: ExitCode.OK };
  printResult(json, outcome, [`restarted: ${service.unit}${status === '' ? '' : `, ${status}`}`]);
  return ExitCode.OK;
}

/** Stops a gateway that cannot be restarted from here, and says how to start it again: here, it would belong to no terminal. */
async function stopOnly(settings: LocatedSettings, { flags, program }: Invocation): Promise<number> {
  const stopping = stopGateway(settings, { timeoutMs: DEFAULT_TIMEOUT_MS.stop, kill: false, program });
  const outcome = await whileWaiting(`waiting for port ${settings.port}`, stopping, flags);
  const exitCode = stopExitCode(outcome);
  const ok = exitCode === ExitCode.OK;
  if (outcome.kind === 'nothing') {
    const next = commandToStart(settings, program.name);
    printResult(flags.json, { ok, ...outcome, next, exitCode }, [
      `nothing to restart: no gateway is running on port ${settings.port}`,
      `to start one: ${next}`,
    ]);
    return exitCode;
  }
  const next = ok ? startCommand(settings, program.name) : undefined;
  printResult(flags.json, { ok, ...outcome, next, exitCode }, [
    describeStop(outcome, settings),
    ...(next === undefined ? [] : [`start it again where it ran: ${next}`]),
  ]);
  return exitCode;
}

async function handOverOrSay(
  settings: LocatedSettings,
  timeoutMs: number,
  { flags, program }: Invocation,
): Promise<number> {
  try {
    return await handOver(settings, timeoutMs, flags.json);
  } catch (error) {
    return failureAsJson(withWayOut(error, settings, program.name), flags);
  }
}

/** @returns undefined where the gateway can only be stopped */
async function restartSomehow(
  settings: LocatedSettings,
  options: LaunchOptions,
  reason: string,
): Promise<LaunchedGateway | undefined> {
  return (await restartInBackground(settings, options, reason)) ?? restartInPlace(settings, options, reason);
}

/** @returns undefined where the gateway was not started in the background */
async function restartInBackground(
  settings: LocatedSettings,
  options: LaunchOptions,
  reason: string,
): Promise<LaunchedGateway | undefined> {
  const { stateFolder } = settings.profile;
  if (!isLaunched(stateFolder, isPortGiven(settings) ? settings.port : undefined)) return undefined;
  return restartLaunched({
    ...options,
    askedAt: performance.timeOrigin,
    ask: (card) => askToStop({ url: card.url, card }, settings, { reason, restartExpectedMs: AWAY_MS }),
  });
}

/** @returns undefined where there is no gateway of this user, or it does not start itself anew */
async function restartInPlace(
  settings: LocatedSettings,
  options: LaunchOptions,
  reason: string,
): Promise<LaunchedGateway | undefined> {
  const secret = readProofSecret(settings.profile.stateFolder);
  const { host, port } = settings;
  const holder = await whoHolds({ host, port }, { secret, timeoutMs: UNHURRIED_MS });
  // One that stands by lets no client in, so it cannot be asked.
  if (!holder.card || holder.verdict === 'standby') return undefined;
  if (!isOwn(holder) || !isMeant(holder.card, settings.instanceId)) return undefined;
  if (!(await agreesToRestart(holder.card, settings, reason))) return undefined;
  return restartedInPlace(holder, options);
}

/** Whether the gateway restarts itself. One that cannot be asked any more is already on its way. */
async function agreesToRestart(card: GatewayCard, settings: LocatedSettings, reason: string): Promise<boolean> {
  try {
    const how = { method: 'gateway.restart.request', params: { reason }, timeoutMs: ORDER_TIMEOUT_MS };
    await order(settings, card, how);
    return true;
  } catch (error) {
    if (!(error instanceof GatewayCallError)) return false;
    // It was not asked, and stays as it is: a stop would be for good.
    if (error.code === 'unknown') throw error;
    return error.code === 'unreachable' || error.code === 'not ready';
  }
}

function report(json: boolean | undefined, { pid, url, logFile }: LaunchedGateway): number {
  const exitCode = ExitCode.OK;
  printResult(json, { ok: true, pid, url, logFile, exitCode }, [`gateway restarted on ${url}: pid ${pid}`]);
  return exitCode;
}

function startCommand({ profile, host, port }: LocatedSettings, name: string): string {
  const flags = [
    ...(profile.name === DEFAULT_PROFILE ? [] : [`--profile ${profile.name}`]),
    `--port ${port}`,
    ...(host === 'localhost' ? [] : [`--host ${host}`]),
  ];
  return `${name} gateway ${flags.join(' ')}`;
}
