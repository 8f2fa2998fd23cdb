import { realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';

import { NotAllowedError } from '../common/not-allowed.error.js';
import { FLEET_URL_FILE_VARIABLE } from '../config/choose-fleet.js';
import type { Profile } from '../config/profile.js';
import { chooseSettingsToStart, type Settings } from '../config/choose-settings.js';
import { TOKEN_FILE_VARIABLE } from '../config/choose-token.js';
import { commandFor } from '../holder/describe-holder.js';
import type { LaunchedGateway, LaunchOptions } from '../launcher/launch-options.js';
import { LaunchError } from '../launcher/launch.error.js';
import { addressOfUrl } from '../listener/listen-address.js';
import { ExitCode, exitCodeOf } from '../process/exit-code.js';
import { complain, printResult } from '../process/print.js';
import { StopSignals } from '../process/stop-signals.js';
import { findManagedService, startService, type ManagedService } from '../service/managed-service.js';
import { fleetFlags } from './fleet-flags.js';
import { timeoutOf } from './flags-of.js';
import { DEFAULT_TIMEOUT_MS, type Flags } from './flags.js';
import type { Invocation } from './command.js';
import { launchOnAddress } from './launch-on-address.js';
import { isPortGiven } from './where-it-runs.js';

/** Starts a gateway in the background, or finds the one that is there. */
export async function start(invocation: Invocation): Promise<number> {
  const { flags, profile, program } = invocation;
  const { json = false } = flags;
  const timeoutMs = timeoutOf(flags, DEFAULT_TIMEOUT_MS.start);
  // What is wrong is said here, and not in a log.
  const settings = await chooseSettingsToStart(profile, flags);
  const name = { program: program.name, profile: profile.name };
  const service = await findManagedService(name, isPortGiven(settings) ? settings.port : undefined);
  // Another gateway beside the one of the manager would take its port.
  if (service) return startManaged(service, json);
  return whileLaunching(flags, async (signal) => {
    const gateway = await launchOnAddress({
      ...launchOptions(invocation, settings),
      timeoutMs,
      signal,
      report: process.stderr.isTTY && !json ? complain : () => undefined,
    });
    if (gateway.started) settings.configuration.warnings?.forEach(complain);
    printResult(
      json,
      { ok: true, ...gateway, exitCode: ExitCode.OK },
      describe(gateway, commandFor(profile.name, program.name)),
    );
    return ExitCode.OK;
  });
}

/**
 * Launches a gateway until a signal comes, and says why that has failed. A gateway that has begun to start is killed when
 * this process exits.
 *
 * @returns what `launch` gives, or the exit code: of the failure, or 128 plus the number of the signal
 */
export async function whileLaunching<T>(
  { json = false }: Flags,
  launch: (signal: AbortSignal) => Promise<T>,
): Promise<T | number> {
  const stop = new AbortController();
  const signals = new StopSignals();
  void signals.first.then((signal) => stop.abort(signal));
  try {
    return await launch(stop.signal);
  } catch (error) {
    if (stop.signal.aborted) return 128 + constants.signals[await signals.first];
    if (!(error instanceof LaunchError || error instanceof NotAllowedError)) throw error;
    return reportLaunchFailure(error, json);
  }
}

/** What a gateway is launched with, by the start and by the restart. */
export function launchOptions(
  { flags, profile, program }: Invocation,
  settings: Settings,
): Omit<LaunchOptions, 'timeoutMs' | 'signal' | 'report'> {
  return {
    address: settings,
    anyPort: !isPortGiven(settings),
    profile,
    program: program.name,
    command: gatewayCommand(),
    flags: flagsOfStart(settings, profile, flags),
    environment: environmentOf(profile, flags),
    warn: complain,
  };
}

/** Has the service manager start the gateway that it runs. */
async function startManaged(service: ManagedService, json: boolean): Promise<number> {
  const status = await startService(service, 'start');
  const kind = service.state === 'active' ? 'already there' : 'started';
  const outcome = { ok: true, kind, unit: service.unit, status, exitCode: ExitCode.OK };
  printResult(json, outcome, [`${kind}: ${service.unit}${status === '' ? '' : `, ${status}`}`]);
  return ExitCode.OK;
}

/** Runs a gateway in the foreground; its flags follow. */
function gatewayCommand(): [string, ...string[]] {
  // The same command, however it was built and found.
  return [process.execPath, ...process.execArgv, realpathSync(process.argv[1] ?? ''), 'gateway'];
}

/** All but the token: other users can see it. */
function flagsOfStart({ host, port, fleet }: Settings, { name }: Profile, flags: Flags): string[] {
  const { tokenFile, allowHost = [], allowOrigin = [], trustedProxy = [], allowUnconfigured, verbose = 0 } = flags;
  return [
    `--port=${port}`,
    `--host=${host}`,
    `--profile=${name}`,
    ...(tokenFile === undefined ? [] : [`--token-file=${resolve(tokenFile)}`]),
    ...allowHost.map((allowed) => `--allow-host=${allowed}`),
    ...allowOrigin.map((allowed) => `--allow-origin=${allowed}`),
    ...trustedProxy.map((trusted) => `--trusted-proxy=${trusted}`),
    ...fleetFlags(fleet, flags),
    ...(allowUnconfigured ? ['--allow-unconfigured'] : []),
    ...Array<string>(verbose).fill('--verbose'),
  ];
}

/** A relative path in ours would be another folder in its own. */
function environmentOf({ stateFolder, configFile }: Profile, { token }: Flags): NodeJS.ProcessEnv {
  const tokenFile = process.env[TOKEN_FILE_VARIABLE];
  const urlFile = process.env[FLEET_URL_FILE_VARIABLE];
  return {
    ...process.env,
    ...(tokenFile !== undefined && { [TOKEN_FILE_VARIABLE]: resolve(tokenFile) }),
    ...(urlFile !== undefined && { [FLEET_URL_FILE_VARIABLE]: resolve(urlFile) }),
    OPENCLAW_STATE_DIR: stateFolder,
    ...(process.env['OPENCLAW_CONFIG_PATH'] !== undefined && { OPENCLAW_CONFIG_PATH: configFile }),
    ...(token !== undefined && { OPENCLAW_GATEWAY_TOKEN: token }),
  };
}

function describe({ started, url, pid, logFile }: LaunchedGateway, command: string): string[] {
  return [
    `gateway ${started ? 'started' : 'already there'} on ${url}: pid ${pid}`,
    ...(logFile === null ? [] : [`its log: ${logFile}`]),
    `to stop it: ${command} stop --port ${addressOfUrl(url).port}`,
  ];
}

/** @returns the exit code */
function reportLaunchFailure(error: LaunchError | NotAllowedError, json: boolean): number {
  const { code: failure, message } = error;
  const { lines, holder = null } = error instanceof LaunchError ? error : { lines: [] };
  const exitCode = exitCodeOf(error);
  if (json) printResult(true, { ok: false, failure, message, lines, holder, exitCode });
  else complain([...lines, message].join('\n'));
  return exitCode;
}
