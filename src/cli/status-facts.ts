import type { Settings } from '../config/choose-settings.js';
import { findToken } from '../config/choose-token.js';
import type { Advice } from '../holder/advise-on-holder.js';
import { TCP_TABLES } from '../common/kernel-table.js';
import { readTextIfAllowed } from '../common/process-files.js';
import { pidHere } from '../holder/describe-holder.js';
import { countEstablished } from '../holder/port-statistics.js';
import { describeOutputOf } from '../launcher/foreground-output.js';
import { logFileIn } from '../launcher/gateway-log.js';
import { LaunchHistory } from '../launcher/launch-history.js';
import type { Holder } from '../listener/holder.js';
import { isLoopbackHost } from '../listener/listen-address.js';
import { listeningSockets } from '../listener/listening-sockets.js';

/** What an operator asks about a gateway beside who holds its port. */
export interface StatusFacts {
  readonly profile: { readonly name: string; readonly stateFolder: string };
  readonly configuration: { readonly file: string; readonly exists: boolean; readonly warnings: readonly string[] };
  /** The place that the token comes from; never the token. `null` where there is none yet. */
  readonly tokenFrom: string | null;
  /** The addresses that are listened on; empty where the operating system does not tell. */
  readonly listening: readonly string[];
  /** Whether other machines can reach one of them. */
  readonly isOpenToNetwork: boolean;
  /** How many connections there are to the port; `null` where the operating system does not tell. */
  readonly connections: number | null;
  /** The file that a gateway in the background writes to; `null` for one that was started in another way. */
  readonly logFile: string | null;
  /** The version of this command, which the next start would run. */
  readonly installedVersion: string;
}

export function statusFacts(settings: Settings, holder: Holder | null, installedVersion: string): StatusFacts {
  const { profile, port, configuration, tokenSource } = settings;
  const listening = holder ? Array.from(listeningSockets(port), ({ address }) => address) : [];
  const connections = (table: string): number => countEstablished(readTextIfAllowed(table), port);
  const { file, exists, warnings = [] } = configuration;
  return {
    profile: { name: profile.name, stateFolder: profile.stateFolder },
    configuration: { file, exists, warnings },
    tokenFrom: hasToken(settings) ? tokenSource : null,
    listening,
    isOpenToNetwork: listening.some((host) => !isLoopbackHost(host)),
    connections: listening.length === 0 ? null : TCP_TABLES.reduce((count, table) => count + connections(table), 0),
    logFile: logFileOf(profile.stateFolder, holder ? pidHere(holder) : undefined),
    installedVersion,
  };
}

/**
 * The facts as rows of a page.
 *
 * @param serviceLog where the log of the service is; missing where no manager runs the gateway
 */
export function factRows(facts: StatusFacts, holder: Holder | null, serviceLog?: string): Advice[] {
  const { profile, configuration, tokenFrom, listening, isOpenToNetwork, connections, logFile } = facts;
  const { installedVersion } = facts;
  const reach = isOpenToNetwork ? 'OPEN to other machines' : 'for this machine only';
  const running = holder?.card?.version;
  const pid = holder ? pidHere(holder) : undefined;
  return [
    ...fleetRows(holder),
    ...(listening.length === 0 ? [] : [['listens on', `${listening.join(', ')}; ${reach}`] as const]),
    ...(connections === null ? [] : [['connections', String(connections)] as const]),
    ['profile', `${profile.name}, in ${profile.stateFolder}`],
    ['configuration', `${configuration.file}, ${configuration.exists ? 'which is read' : 'which is not there'}`],
    ...configuration.warnings.map((warning) => ['warning', warning] as const),
    ['token', tokenFrom === null ? 'none yet; the first start makes one' : `from ${tokenFrom}`],
    // What another program writes is no log of a gateway.
    ...(pid === undefined || holder?.verdict === 'foreign'
      ? []
      : [
          [
            'log',
            logFile ?? serviceLog ?? outputOf(pid, (holder?.card?.profile ?? profile.name) === profile.name),
          ] as const,
        ]),
    ...(running === undefined || running === installedVersion
      ? []
      : [['version', `${running} runs, and ${installedVersion} is installed: restart it`] as const]),
  ];
}

/** The files of this profile do not say how a gateway of another one was started. */
function outputOf(pid: number, isOfProfile: boolean): string {
  return `${isOfProfile ? 'it runs in the foreground; ' : ''}${describeOutputOf(pid)}`;
}

function fleetRows(holder: Holder | null): Advice[] {
  const fleet = holder?.card?.fleet;
  if (!fleet) return [];
  const { name, role, token, active } = fleet;
  if (role === 'active') return [['fleet', `${name}, active, token ${token}`]];
  if (!active) return [['fleet', `${name}, stands by; it is not known which host is active`]];
  return [['fleet', `${name}, stands by; active is host ${active.host}, ${active.url ?? `pid ${active.pid} there`}`]];
}

function hasToken(settings: Settings): boolean {
  try {
    return findToken(settings) !== undefined;
  } catch {
    // It is there, and cannot be read: a start says why.
    return true;
  }
}

function logFileOf(stateFolder: string, pid: number | undefined): string | null {
  try {
    return pid !== undefined && LaunchHistory.read(stateFolder).launched?.pid === pid ? logFileIn(stateFolder) : null;
  } catch {
    // The file of the launcher is another user's.
    return null;
  }
}
