import { join } from 'node:path';

import { InputError } from '../common/input.error.js';
import { replaceWhole } from '../common/private-file.js';
import { chooseSettings, type Settings } from '../config/choose-settings.js';
import { TOKEN_VARIABLE } from '../config/choose-token.js';
import { whoHolds } from '../holder/who-holds.js';
import { logFileIn } from '../launcher/gateway-log.js';
import { explain } from '../launcher/small-file.js';
import { claimListener } from '../listener/claim-listener.js';
import { GatewayLockError } from '../listener/gateway-lock.error.js';
import { ExitCode } from '../process/exit-code.js';
import { complain, printResult } from '../process/print.js';
import { reportFailure } from '../process/report-failure.js';
import { programPath } from '../service/program-path.js';
import { openStateFolder } from '../state-folder/state-folder.js';
import type { InstallOptions } from '../service/systemd-service.js';
import type { Invocation } from './command.js';
import type { Flags } from './flags.js';
import { fleetFlags } from './fleet-flags.js';
import { serviceManager, type Plan } from './service-of-platform.js';
import { describeService } from './describe-service.js';

/** Variables that would change which gateway the service runs, and that a service does not have by itself. */
const PLACE_VARIABLES = ['OPENCLAW_STATE_DIR', 'OPENCLAW_CONFIG_PATH', 'OPENCLAW_GATEWAY_TOKEN_FILE'];

/** Has the service manager of this user run the gateway. */
export async function install({ flags, profile, program }: Invocation): Promise<number> {
  const manager = serviceManager();
  const { env = [], json = false } = flags;
  refuseTokens(env, profile.stateFolder);
  const settings = await chooseSettings(profile, flags);
  const { words, warnings } = programPath(program.name, process.argv[1] ?? '');
  const environmentFile = env.length > 0 ? join(profile.stateFolder, 'gateway.env') : undefined;
  const plan: Plan = {
    program: program.name,
    profile: profile.name,
    host: settings.host,
    port: settings.port,
    command: [...words, 'gateway', ...flagsFor(settings, flags)],
    environmentFile,
    logFile: logFileIn(profile.stateFolder),
  };
  const options = optionsOf(flags);
  if (flags.print) {
    process.stdout.write(manager.print(plan, options));
    return ExitCode.OK;
  }
  refuseSudo(options.force);
  for (const warning of [...warnings, ...missingVariables(env)]) complain(warning);
  if (flags.dryRun) {
    const outcome = manager.plan(plan, options);
    printResult(json, { ok: true, ...outcome, exitCode: ExitCode.OK }, describeService(outcome, { isPlan: true }));
    return ExitCode.OK;
  }
  // The manager reads its variables from there without looking whose folder it is.
  if (environmentFile !== undefined) await openStateFolder(profile.stateFolder);
  await manager.check();
  if (options.start && !(await manager.isActive(plan))) {
    const refusal = await whoIsInTheWay(settings);
    if (refusal) return reportFailure(refusal, { json, program: program.name }, profile.name);
  }
  if (environmentFile !== undefined) writeEnvironment(environmentFile, environmentText(env));
  const outcome = await manager.install(plan, options);
  printResult(json, { ok: true, ...outcome, exitCode: ExitCode.OK }, describeService(outcome));
  return ExitCode.OK;
}

function optionsOf({ force, socket = false, start = true, linger = false }: Flags): InstallOptions {
  return { force: force === true, socket, start, linger };
}

function flagsFor({ profile, port, fleet }: Settings, flags: Flags): string[] {
  const { host, allowHost = [], allowOrigin = [], trustedProxy = [] } = flags;
  return [
    `--profile=${profile.name}`,
    `--port=${port}`,
    ...(host === undefined ? [] : [`--host=${host}`]),
    ...allowHost.map((allowed) => `--allow-host=${allowed}`),
    ...allowOrigin.map((allowed) => `--allow-origin=${allowed}`),
    ...trustedProxy.map((proxy) => `--trusted-proxy=${proxy}`),
    ...fleetFlags(fleet, flags),
  ];
}

/** Files of a service are read by whatever makes a backup, and its arguments by every user. */
function refuseTokens(names: readonly string[], stateFolder: string): void {
  if (process.env[TOKEN_VARIABLE] === undefined && !names.includes(TOKEN_VARIABLE)) return;
  throw new InputError(
    `${TOKEN_VARIABLE} is set, and a token goes into no file of a service: put it into ${join(stateFolder, 'gateway.token')} (mode 600), or into gateway.auth.token of the configuration file, and unset it`,
  );
}

function refuseSudo(force: boolean): void {
  if (process.env['SUDO_UID'] === undefined || force) return;
  throw new InputError(
    'SUDO_UID: under sudo the service would be that of root: run this without sudo, or give --force',
  );
}

function missingVariables(names: readonly string[]): string[] {
  return PLACE_VARIABLES.filter((name) => process.env[name] !== undefined && !names.includes(name)).map(
    (name) => `${name} is set here, and the service will not have it: give --env ${name}, or unset it`,
  );
}

/** In the format of EnvironmentFile= (systemd.exec(5)): a quoted value with backslashes before what is special in quotes. */
function environmentText(names: readonly string[]): string {
  return names
    .map((name) => {
      const value = process.env[name];
      if (value === undefined)
        throw new InputError(`--env: ${JSON.stringify(name)} is not set here: set it, or leave it out`);
      return `${name}="${value.replace(/["\\$`]/g, '\\$&')}"\n`;
    })
    .join('');
}

function writeEnvironment(file: string, text: string): void {
  try {
    replaceWhole(file, text);
  } catch (error) {
    throw explain(error, file);
  }
}

/** A gateway that runs otherwise would keep the service from its port. It is not stopped unasked. */
async function whoIsInTheWay({ host, port }: Settings): Promise<GatewayLockError | undefined> {
  try {
    (await claimListener({ host, port })).close();
    return undefined;
  } catch (error) {
    if (!(error instanceof GatewayLockError)) throw error;
    return error.code === 'GATEWAY_BIND_FAILED' ? error : error.heldBy(await whoHolds(error.endpoint));
  }
}
