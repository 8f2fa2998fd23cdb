import { Option, SubCommand } from 'nest-commander';

import { callGateway } from '../control/client/call-gateway.js';
import type { Status } from '../control/methods/operator.gateway.js';
import { ExitCode, exitCodeOfHolder } from '../process/exit-code.js';
import { examinePort, type PortExamination } from '../holder/examine-port.js';
import { whoHolds, type Holder } from '../holder/who-holds.js';
import { ANCHOR_HOST, gatewayUrl } from '../listener/listen-address.js';
import { complain, holderLines, wantsColor, type PortReport } from '../process/report.js';
import { findToken, type Settings } from '../config/settings.js';
import { AddressCommand, type AddressFlags } from './address-command.js';
import { isForeignOrOtherUser, isTokenGiven } from './found-token.js';
import { planProfiles } from './plan-profiles.js';
import { statusOfAll, statusTable } from './status-of-all.js';
import { whereItRuns } from './where-it-runs.js';

/** How long a gateway that shows its card may take to say more. Milliseconds. */
const ASK_TIMEOUT_MS = 1_000;

@SubCommand({ name: 'status', description: 'say who holds the port' })
export class StatusCommand extends AddressCommand {
  async run(_args: string[], { deep = false, all = false }: { deep?: boolean; all?: boolean }): Promise<void> {
    const flags = this.addressFlags();
    if (all) return this.#reportAll({ ...flags, ...(deep && { deep }) });
    const settings = await whereItRuns(await this.settings(flags));
    const { port, host } = settings;
    const holder = await whoHolds({ port, host });
    // Refused is all that a connection can tell: to find out whether it is bound would be to bind it.
    const free = holder.verdict === 'blocked';
    const exitCode = free ? ExitCode.FREE : holder.verdict === 'ready' ? ExitCode.OK : exitCodeOfHolder(holder);
    const url = gatewayUrl(host === 'localhost' ? ANCHOR_HOST : host, port);
    const report: PortReport = {
      ok: holder.verdict === 'ready',
      code: null,
      message: null,
      verdict: free ? 'free' : holder.verdict,
      url,
      holder: free ? null : holder,
      exitCode,
    };
    const depth = deep
      ? { addresses: await examinePort(host, port), live: await askIfReady(holder, settings, flags) }
      : {};
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ ...report, ...depth })}\n`
        : `${[...this.#lines(report, settings), ...depthLines(depth)].join('\n')}\n`,
    );
    process.exit(exitCode);
  }

  @Option({ flags: '--deep', description: 'also what the operating system knows: addresses, processes, connections' })
  readDeep(): boolean {
    return true;
  }

  @Option({ flags: '--all', description: 'every profile of this user: its port, and who holds it' })
  readAll(): boolean {
    return true;
  }

  async #reportAll(flags: AddressFlags & { deep?: boolean }): Promise<never> {
    this.refuseFlags(flags, ['port', 'host', 'deep'], '--all is about every profile');
    const statuses = await statusOfAll(await planProfiles(await this.settings(flags)));
    process.stdout.write(
      flags.json ? `${JSON.stringify({ ok: true, profiles: statuses, exitCode: 0 })}\n` : statusTable(statuses),
    );
    statuses.forEach(({ problem }) => problem !== null && complain(problem));
    process.exit(ExitCode.OK);
  }

  #lines({ verdict, url, holder }: PortReport, { port, profile }: Settings): string[] {
    if (!holder) return [`nobody listens on ${url}`];
    return [
      `${url} is held: ${String(verdict)}`,
      ...holderLines(holder, port, wantsColor(process.stdout), profile.name),
    ];
  }
}

/** What is only in there with `--deep`. */
interface Depth {
  readonly addresses?: readonly PortExamination[];
  /** What the gateway says of itself to whoever has its token; `null` without one, or where it does not answer. */
  readonly live?: Status | null;
}

async function askIfReady(holder: Holder, settings: Settings, flags: AddressFlags): Promise<Status | null> {
  const { verdict, url } = holder;
  // A card can say anything, also in the place of this user's gateway.
  if (verdict !== 'ready' || (!isTokenGiven(flags) && isForeignOrOtherUser(holder))) return null;
  try {
    const token = findToken(settings);
    return (await callGateway({ url, token, method: 'status', timeoutMs: ASK_TIMEOUT_MS })) as Status;
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
