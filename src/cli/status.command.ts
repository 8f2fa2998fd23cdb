import { Option, SubCommand } from 'nest-commander';

import { ExitCode, exitCodeOfHolder } from '../exit-code.js';
import { examinePort, type PortExamination } from '../holder/examine-port.js';
import { whoHolds } from '../holder/who-holds.js';
import { ANCHOR_HOST, gatewayUrl } from '../lock/listener/listen-address.js';
import { holderLines, wantsColor, type PortReport } from '../report.js';
import { AddressCommand } from './address-command.js';

@SubCommand({ name: 'status', description: 'say who holds the port' })
export class StatusCommand extends AddressCommand {
  async run(_args: string[], { deep = false }: { deep?: boolean }): Promise<void> {
    const flags = this.addressFlags();
    const { port, host } = this.address(flags);
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

  #lines({ verdict, url, holder }: PortReport, port: number): string[] {
    if (!holder) return [`nobody listens on ${url}`];
    return [`${url} is held: ${String(verdict)}`, ...holderLines(holder, port, wantsColor(process.stdout))];
  }
}

function addressLine({ url, owner, established }: PortExamination): string {
  const who = owner ? `pid ${owner.pid}, ${owner.command ?? 'unknown command'}` : 'nobody, or it cannot be seen';
  return `  ${url}: ${who}; ${established} established connections`;
}
