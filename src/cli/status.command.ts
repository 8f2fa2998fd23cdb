import { chooseSettings, type Settings } from '../config/choose-settings.js';
import { isOwn, UNHURRIED_MS, whoHolds } from '../holder/who-holds.js';
import { ANCHOR_HOST, gatewayUrl } from '../listener/listen-address.js';
import { ExitCode, exitCodeOfHolder } from '../process/exit-code.js';
import { complain, printResult } from '../process/print.js';
import type { PortReport } from '../process/report-failure.js';
import { readProofSecret } from '../state-folder/proof-secret.js';
import { findManagedService, nameWaiting } from '../service/managed-service.js';
import { refuseFlags } from './flags-of.js';
import type { Flags } from './flags.js';
import { planProfiles } from '../config/plan-profiles.js';
import type { Invocation, Program } from './command.js';
import { whileWaiting } from './progress.js';
import { deepLook, type Depth } from './status-depth.js';
import { statusFacts } from './status-facts.js';
import { statusLines } from './status-lines.js';
import { statusOfAll, statusTable } from './status-of-all.js';
import { watch } from './watch.js';
import { whereItRuns } from './where-it-runs.js';

const NOT_OF_FLEETS: readonly (keyof Flags)[] = ['all', 'port', 'host', 'deep', 'url', 'token', 'tokenFile'];

/**
 * Says who holds the port, and what it runs with; with `--all`, who holds the port of each profile; with `--fleet`, who is
 * active in it.
 */
export async function status(invocation: Invocation): Promise<number> {
  const { flags, profile, program } = invocation;
  const isAboutFleet = (flags.fleet ?? flags.fleetUrl ?? flags.fleetUrlFile) !== undefined;
  if (isAboutFleet) refuseFlags(flags, NOT_OF_FLEETS, '--fleet is about all hosts of a fleet');
  if (flags.all) refuseFlags(flags, ['port', 'host', 'deep', 'url'], '--all is about every profile');
  if (flags.url !== undefined) refuseFlags(flags, ['deep'], '--url asks the gateway itself already');
  const look = async (): Promise<number> => {
    if (isAboutFleet) return (await import('./fleet.command.js')).fleet({ ...invocation, args: ['status'] });
    if (flags.url !== undefined) return (await import('./status-of-url.js')).statusOfUrl(flags.url, flags);
    const chosen = await chooseSettings(profile, flags);
    return flags.all ? reportAll(chosen, flags) : reportPort(await whereItRuns(chosen), flags, program);
  };
  return flags.watch ? watch(look, flags) : look();
}

async function reportAll(current: Settings, { json }: Flags): Promise<number> {
  const profiles = await statusOfAll(await planProfiles(current));
  printResult(json, { ok: true, profiles, exitCode: ExitCode.OK }, statusTable(profiles));
  profiles.forEach(({ problem }) => problem !== null && complain(problem));
  return ExitCode.OK;
}

async function reportPort(settings: Settings, flags: Flags, program: Program): Promise<number> {
  const { port, host } = settings;
  const named = { program: program.name, profile: settings.profile.name };
  const secret = readProofSecret(settings.profile.stateFolder);
  const found = await whoHolds({ port, host }, { secret, timeoutMs: UNHURRIED_MS });
  const holder = await nameWaiting(found, named, port);
  // Refused is all that a connection can tell: to find out whether it is bound would be to bind it.
  const free = holder.verdict === 'blocked';
  // Any user can listen there, and say that it is ready.
  const ok = (holder.verdict === 'ready' || holder.verdict === 'standby') && isOwn(holder);
  const report: PortReport = {
    ok,
    code: null,
    message: null,
    verdict: free ? 'free' : holder.verdict,
    url: gatewayUrl(host === 'localhost' ? ANCHOR_HOST : host, port),
    holder: free ? null : holder,
    exitCode: free ? ExitCode.FREE : ok ? ExitCode.OK : exitCodeOfHolder(holder),
  };
  // What is in the files of this user says nothing about a gateway of another one.
  const facts = free || isOwn(holder) ? statusFacts(settings, report.holder, program.version) : undefined;
  const depth: Depth = flags.deep ? await whileWaiting('looking closer', deepLook(holder, settings), flags) : {};
  const service = await findManagedService(named, port);
  const lines = statusLines({ report, facts, service, depth, settings, program, deep: flags.deep ?? false });
  printResult(flags.json, { ...report, ...facts, ...(service && { service }), ...depth }, lines);
  return report.exitCode;
}
