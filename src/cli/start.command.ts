import { realpathSync } from 'node:fs';
import { constants } from 'node:os';

import { Option, SubCommand } from 'nest-commander';

import { describeError, exitCodeOf, ExitCode } from '../process/exit-code.js';
import { commandFor } from '../holder/describe-holder.js';
import { LaunchError } from '../launcher/launch.error.js';
import { DEFAULT_LAUNCH_TIMEOUT_MS, launchGateway, type LaunchedGateway } from '../launcher/launch-gateway.js';
import type { HostPort } from '../listener/endpoint.js';
import { addressOfUrl } from '../listener/listen-address.js';
import type { Profile } from '../config/profile.js';
import { complain } from '../process/report.js';
import { StopSignals } from '../process/stop-signals.js';
import { parseMilliseconds } from './address-command.js';
import { ServingCommand, type ServingFlags } from './serving-command.js';
import { isPortGiven } from './where-it-runs.js';

interface StartFlags extends ServingFlags {
  timeout?: string;
}

@SubCommand({ name: 'start', description: 'start the gateway in the background, or find the one that is there' })
export class StartCommand extends ServingCommand {
  async run(_args: string[], { timeout, ...own }: StartFlags): Promise<void> {
    const flags: ServingFlags = { ...own, ...this.addressFlags() };
    const { json = false } = flags;
    // What is wrong is said here, and not in a log.
    const settings = await this.settings(flags);
    const { profile } = settings;
    const timeoutMs = timeout === undefined ? DEFAULT_LAUNCH_TIMEOUT_MS : parseMilliseconds('--timeout', timeout);
    const stop = new AbortController();
    // A gateway that this has begun to start is killed when the process exits.
    const signals = new StopSignals();
    void signals.first.then((signal) => stop.abort(signal));
    try {
      const gateway = await launchGateway({
        address: settings,
        anyPort: !isPortGiven(settings),
        profile,
        command: commandOf(settings, profile, flags),
        environment: environmentOf(profile, flags),
        timeoutMs,
        signal: stop.signal,
        report: process.stderr.isTTY && !json ? complain : () => undefined,
      });
      process.stdout.write(
        json ? `${JSON.stringify({ ok: true, ...gateway, exitCode: 0 })}\n` : describe(gateway, profile),
      );
      process.exit(ExitCode.OK);
    } catch (error) {
      process.exit(stop.signal.aborted ? 128 + constants.signals[await signals.first] : reportFailure(error, json));
    }
  }

  @Option({
    flags: '--timeout <ms>',
    description: `how long until it has to be ready (default: ${DEFAULT_LAUNCH_TIMEOUT_MS} ms)`,
  })
  readTimeout(text: string): string {
    return text;
  }
}

/** All but the token: other users can see it. */
function commandOf(
  { host, port }: HostPort,
  { name }: Profile,
  { allowHost = [], allowOrigin = [], verbose = false }: ServingFlags,
): [string, ...string[]] {
  // The same command, however it was built and found.
  const script = realpathSync(process.argv[1] ?? '');
  return [
    process.execPath,
    ...process.execArgv,
    script,
    'gateway',
    `--port=${port}`,
    `--host=${host}`,
    `--profile=${name}`,
    ...allowHost.map((allowed) => `--allow-host=${allowed}`),
    ...allowOrigin.map((allowed) => `--allow-origin=${allowed}`),
    ...(verbose ? ['--verbose'] : []),
  ];
}

/** A relative path in ours would be another folder in its own. */
function environmentOf({ stateFolder, configFile }: Profile, { token }: ServingFlags): NodeJS.ProcessEnv {
  return {
    ...process.env,
    OPENCLAW_STATE_DIR: stateFolder,
    ...(process.env['OPENCLAW_CONFIG_PATH'] !== undefined && { OPENCLAW_CONFIG_PATH: configFile }),
    ...(token !== undefined && { OPENCLAW_GATEWAY_TOKEN: token }),
  };
}

function describe({ started, url, pid, logFile }: LaunchedGateway, { name }: Profile): string {
  const lines = [
    `gateway ${started ? 'started' : 'already there'} on ${url}: pid ${pid}`,
    ...(logFile === null ? [] : [`its log: ${logFile}`]),
    `to stop it: ${commandFor(name)} stop --port ${addressOfUrl(url).port}`,
    '',
  ];
  return lines.join('\n');
}

/** @returns the exit code for it */
function reportFailure(error: unknown, json: boolean): number {
  const exitCode = exitCodeOf(error);
  if (!(error instanceof LaunchError)) {
    complain(describeError(error));
  } else if (json) {
    const { kind, message, lines, holder = null } = error;
    process.stdout.write(`${JSON.stringify({ ok: false, failure: kind, message, lines, holder, exitCode })}\n`);
  } else {
    complain([...error.lines, error.message].join('\n'));
  }
  return exitCode;
}
