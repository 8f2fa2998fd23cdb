import { Option, SubCommand } from 'nest-commander';

import { ExitCode, exitCodeOfHolder } from '../exit-code.js';
import { examinePort, type PortExamination } from '../holder/examine-port.js';
import { whoHolds } from '../holder/who-holds.js';
import { ANCHOR_HOST, gatewayUrl } from '../lock/listener/listen-address.js';
import { complain, holderLines, wantsColor, type PortReport } from '../report.js';
import { AddressCommand, type AddressFlags } from './address-command.js';
import { planProfiles } from './plan-profiles.js';
import { statusOfAll, statusTable } from './status-of-all.js';

@SubCommand({ name: 'status', description: 'say who holds the port' })
export class StatusCommand extends AddressCommand {
  async run(_args: string[], { deep = false, all = false }: { deep?: boolean; all?: boolean }): Promise<void> {
    const flags = this.addressFlags();
    if (all) return this.#reportAll({ ...flags, ...(deep && { deep }) });
    const { port, host } = await this.settings(flags);
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
    const examination = deep ? await examinePort(host, port) : undefined;
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ ...report, ...(examination && { addresses: examination }) })}\n`
        : `${[...this.#lines(report, port), ...(examination ?? []).map(addressLine)].join('\n')}\n`,
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

  #lines({ verdict, url, holder }: PortReport, port: number): string[] {
    if (!holder) return [`nobody listens on ${url}`];
    return [`${url} is held: ${String(verdict)}`, ...holderLines(holder, port, wantsColor(process.stdout))];
  }
}

function addressLine({ url, owner, established }: PortExamination): string {
  const who = owner ? `pid ${owner.pid}, ${owner.command ?? 'unknown command'}` : 'nobody, or it cannot be seen';
  return `  ${url}: ${who}; ${established} established connections`;
}
