import { chooseSettings, findToken, type Settings } from '../config/choose-settings.js';
import { callGateway } from '../control/client/call-gateway.js';
import type { Status } from '../control/methods/operator.gateway.js';
import { describeUnknown } from '../holder/describe-holder.js';
import { examinePort, type PortExamination } from '../holder/port-statistics.js';
import { isOwn, whoHolds } from '../holder/who-holds.js';
import type { Holder } from '../listener/holder.js';
import { ANCHOR_HOST, gatewayUrl } from '../listener/listen-address.js';
import { ExitCode, exitCodeOfHolder } from '../process/exit-code.js';
import { readProofSecret } from '../state-folder/proof-secret.js';
import { complain, printResult, wantsColor } from '../process/print.js';
import { holderLines, type PortReport } from '../process/report-failure.js';
import { refuseFlags } from './flags-of.js';
import type { Flags } from './flags.js';
import { planProfiles } from '../config/plan-profiles.js';
import type { Invocation, Program } from './command.js';
import { statusOfAll, statusTable } from './status-of-all.js';
import { whereItRuns } from './where-it-runs.js';

/** How long a gateway that shows its card may take to say more, in milliseconds. */
const ASK_TIMEOUT_MS = 1_000;

/** Says who holds the port; with `--all`, who holds the port of each profile. */
export async function status({ flags, profile, program }: Invocation): Promise<number> {
  if (flags.all) refuseFlags(flags, ['port', 'host', 'deep'], '--all is about every profile');
  const chosen = await chooseSettings(profile, flags);
  return flags.all ? reportAll(chosen, flags) : reportPort(await whereItRuns(chosen), flags, program);
}

async function reportAll(current: Settings, { json }: Flags): Promise<number> {
  const profiles = await statusOfAll(await planProfiles(current));
  printResult(json, { ok: true, profiles, exitCode: ExitCode.OK }, statusTable(profiles));
  profiles.forEach(({ problem }) => problem !== null && complain(problem));
  return ExitCode.OK;
}

async function reportPort(settings: Settings, flags: Flags, program: Program): Promise<number> {
  const { port, host } = settings;
  const holder = await whoHolds({ port, host }, { secret: readProofSecret(settings.profile.stateFolder) });
  // Refused is all that a connection can tell: to find out whether it is bound would be to bind it.
  const free = holder.verdict === 'blocked';
  const report: PortReport = {
    ok: holder.verdict === 'ready',
    code: null,
    message: null,
    verdict: free ? 'free' : holder.verdict,
    url: gatewayUrl(host === 'localhost' ? ANCHOR_HOST : host, port),
    holder: free ? null : holder,
    exitCode: free ? ExitCode.FREE : holder.verdict === 'ready' ? ExitCode.OK : exitCodeOfHolder(holder),
  };
  const depth = flags.deep
    ? { addresses: await examinePort(host, port), live: await askIfReady(holder, settings) }
    : {};
  printResult(flags.json, { ...report, ...depth }, [
    ...portLines(report, settings, flags, program),
    ...depthLines(depth),
  ]);
  return report.exitCode;
}

function portLines(
  { verdict, url, holder }: PortReport,
  { port, profile }: Settings,
  { deep = false }: Flags,
  program: Program,
): string[] {
  if (!holder) return [`nobody listens on ${url}`];
  if (verdict === 'unknown') return [`who holds ${url} is not known`, `  ${describeUnknown(holder)}`];
  const context = { color: wantsColor(process.stdout), profile: profile.name, program: program.name };
  const asked = deep ? 'status --deep' : 'status';
  return [`${url} is held: ${String(verdict)}`, ...holderLines(holder, { ...context, port, asked })];
}

/** What is only in there with `--deep`. */
interface Depth {
  readonly addresses?: readonly PortExamination[];
  /** What the gateway says of itself to a client with its token; `null` without one, or where it does not answer. */
  readonly live?: Status | null;
}

async function askIfReady(holder: Holder, settings: Settings): Promise<Status | null> {
  const { verdict, url } = holder;
  // A card can say anything, also in the place of this user's gateway.
  if (verdict !== 'ready' || !isOwn(holder)) return null;
  try {
    const token = findToken(settings);
    const ownOnly = { secret: readProofSecret(settings.profile.stateFolder) };
    return (await callGateway({ url, token, method: 'status', timeoutMs: ASK_TIMEOUT_MS, ownOnly })) as Status;
  } catch {
    return null;
  }
}

function depthLines({ addresses = [], live }: Depth): string[] {
  return [...addresses.map(addressLine), ...(live ? [`  clients: ${live.clients}, with this command`] : [])];
}

function addressLine({ url, owner, established }: PortExamination): string {
  const who = owner ? `pid ${owner.pid}, ${owner.command ?? 'unknown command'}` : 'nobody, or it cannot be seen';
  return `  ${url}: ${who}; ${established} established connections`;
}
