import { refusePublicBindWithoutToken } from '../control/access/public-bind.js';
import { checkHost, checkOrigin } from '../control/access/request-gate.js';
import { checkProxy } from '../control/access/trusted-proxies.js';
import type { FleetOptions } from '../options/fleet.options.js';
import type { GatewayLockOptions } from '../options/gateway-lock.options.js';
import { InputError } from '../common/input.error.js';
import { DEFAULT_HOST, parseListenHost } from '../listener/listen-address.js';
import { hostOfBindFlag } from './bind.js';
import { readConfiguration } from './config-file.js';
import type { Configuration } from './configuration.js';
import { chooseFleet, type FleetFlags } from './choose-fleet.js';
import { choosePort, portOrigin, portPlaces, PORT_VARIABLE, type PortOrigin } from './choose-port.js';
import { chooseToken, givenTokens, tokenFileOf, TOKEN_VARIABLE, type TokenFlags } from './choose-token.js';
import { refuseRemoteMode } from './local-mode.js';
import type { Place } from './place.js';
import type { Profile } from './profile.js';

/** Flags of a command, as they were typed. */
export interface SettingFlags extends FleetFlags, TokenFlags {
  readonly port?: string | undefined;
  readonly host?: string | undefined;
  /** A word for the host, as OpenClaw has it. */
  readonly bind?: string | undefined;
  /** How clients show who they are, as OpenClaw has it. */
  readonly auth?: string | undefined;
  readonly allowHost?: readonly string[] | undefined;
  readonly allowOrigin?: readonly string[] | undefined;
  readonly trustedProxy?: readonly string[] | undefined;
}

/** What a gateway is started with, and found by. */
export interface Settings {
  readonly profile: Profile;
  readonly port: number;
  readonly portOrigin: PortOrigin;
  /** An IP address, or `localhost`. */
  readonly host: string;
  /** Undefined where the token in the state folder is used. */
  readonly token: string | undefined;
  /** The place that the token comes from: a flag, a variable or a file. */
  readonly tokenSource: string;
  readonly allowHosts: readonly string[];
  readonly allowOrigins: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly configuration: Configuration;
  /** Missing where this gateway is in none. */
  readonly fleet?: FleetOptions;
}

/**
 * The settings of a gateway from flags, variables, the configuration file and the state folder, in this order: for each
 * value the first place that gives one counts.
 *
 * @param nameVariable the name of a variable in errors
 * @throws {InputError} a value is wrong, even one that does not count
 */
export async function chooseSettings(
  profile: Profile,
  flags: SettingFlags = {},
  environment: NodeJS.ProcessEnv = process.env,
  nameVariable: (variable: string) => string = (variable) => variable,
): Promise<Settings> {
  checkFlags(profile, flags);
  const configuration = await readConfiguration(profile.configFile);
  const configured = <T>(path: string, value: T | undefined): Place<T> => ({
    source: `${configuration.file}: ${path}`,
    value,
  });
  const fleet = chooseFleet(flags, environment, configuration, nameVariable);
  const portVariable = { source: nameVariable(PORT_VARIABLE), value: environment[PORT_VARIABLE] };
  const ports = portPlaces(profile, flags.port, portVariable, configuration);
  const tokens = [
    ...givenTokens(flags, environment, nameVariable),
    configured('gateway.auth.token', configuration.token),
  ];
  return {
    profile,
    port: choosePort(profile.name, ...ports),
    portOrigin: portOrigin(ports),
    host: chooseHost(flags, configuration),
    token: chooseToken(...tokens),
    tokenSource: tokens.find(({ value }) => value !== undefined)?.source ?? tokenFileOf(profile),
    allowHosts: chooseList(
      checkHost,
      { source: '--allow-host', value: flags.allowHost },
      configured('gatewayLock.allowHosts', configuration.allowHosts),
    ),
    allowOrigins: chooseList(
      checkOrigin,
      { source: '--allow-origin', value: flags.allowOrigin },
      configured('gatewayLock.allowOrigins', configuration.allowOrigins),
      configured('gateway.controlUi.allowedOrigins', configuration.controlUiOrigins),
    ),
    trustedProxies: chooseList(
      checkProxy,
      { source: '--trusted-proxy', value: flags.trustedProxy },
      configured('gateway.trustedProxies', configuration.trustedProxies),
    ),
    configuration,
    ...(fleet && { fleet }),
  };
}

/**
 * The settings of a gateway that is about to start, as {@link chooseSettings} gives them.
 *
 * @throws {InputError} a value is wrong; the configuration file says that the gateway runs on another machine; or the fleet
 * has no token
 */
export async function chooseSettingsToStart(
  profile: Profile,
  flags: SettingFlags & { readonly allowUnconfigured?: boolean | undefined },
  ...from: [environment?: NodeJS.ProcessEnv, nameVariable?: (variable: string) => string]
): Promise<Settings> {
  const settings = await chooseSettings(profile, flags, ...from);
  refuseRemoteMode(settings.configuration, flags.allowUnconfigured);
  refuseFleetWithoutToken(settings);
  return settings;
}

/**
 * Checks the flags before any file is read: a person corrects the command line before a file.
 *
 * @throws {InputError} one of them is wrong
 */
export function checkFlags({ name }: Profile, flags: SettingFlags): void {
  const { port, auth, token, tokenFile, allowHost, allowOrigin, trustedProxy } = flags;
  choosePort(name, { source: '--port', value: port });
  hostOfFlags(flags);
  if (auth !== undefined && auth !== 'token') {
    throw new InputError(
      `--auth: ${JSON.stringify(auth)} is not supported; this gateway uses a token: give token, or leave it out`,
    );
  }
  chooseToken({ source: '--token', value: token });
  if (token !== undefined && tokenFile !== undefined) {
    throw new InputError('--token and --token-file both give a token: give one of them');
  }
  chooseList(checkHost, { source: '--allow-host', value: allowHost });
  chooseList(checkOrigin, { source: '--allow-origin', value: allowOrigin });
  chooseList(checkProxy, { source: '--trusted-proxy', value: trustedProxy });
}

/**
 * The options of the lock module for these settings.
 *
 * @param command what an operator types for the program
 */
export function lockOptions(settings: Settings, command: string): GatewayLockOptions {
  const { profile, port, host, token, allowHosts, allowOrigins, trustedProxies, fleet } = settings;
  return {
    port,
    host,
    identity: { profile: profile.name, command },
    stateFolder: profile.stateFolder,
    auth: token === undefined ? { tokenFile: tokenFileOf(profile) } : { token },
    callers: { hosts: allowHosts, origins: allowOrigins, trustedProxies },
    ...(fleet && { fleet }),
  };
}

/**
 * Clients of one fleet come to another host after a takeover, and show it the same token.
 *
 * @throws {InputError} each host would make one of its own
 */
export function refuseFleetWithoutToken({ fleet, token }: Pick<Settings, 'fleet' | 'token'>): void {
  if (!fleet || token !== undefined) return;
  throw new InputError(
    `fleet ${fleet.name}: its clients show every host the same token: give it with --token-file, or set ${TOKEN_VARIABLE}`,
  );
}

/** @throws {InputError} others than this machine could reach a gateway that makes its own token */
export function refusePublicHostWithoutToken({ host, token }: Pick<Settings, 'host' | 'token'>): void {
  if (token === undefined) refusePublicBindWithoutToken([host]);
}

function chooseHost(flags: SettingFlags, { host, hostProblem }: Configuration): string {
  const flagged = hostOfFlags(flags);
  if (flagged !== undefined) return flagged;
  if (hostProblem !== undefined) throw new InputError(hostProblem);
  return host ?? DEFAULT_HOST;
}

function hostOfFlags({ host, bind }: SettingFlags): string | undefined {
  if (host !== undefined && bind !== undefined) {
    throw new InputError('--host and --bind both say where to listen: give one of them');
  }
  if (bind !== undefined) return hostOfBindFlag(bind);
  return host === undefined ? undefined : withSource('--host', () => parseListenHost(host));
}

function chooseList(
  check: (text: string) => string,
  ...places: readonly Place<readonly string[]>[]
): readonly string[] {
  const lists = places.map(({ source, value }) => value?.map((text) => withSource(source, () => check(text))));
  return firstOf(lists) ?? [];
}

function firstOf<T>(values: readonly (T | undefined)[]): T | undefined {
  return values.find((value) => value !== undefined);
}

function withSource<T>(source: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw new InputError(`${source}: ${(error as Error).message}`);
  }
}
