import { printable } from '../common/printable.js';
import { callGateway } from '../control/client/call-gateway.js';
import type { Status } from '../control/methods/operator-methods.js';
import { uptime } from '../holder/describe-holder.js';
import type { Advice } from '../holder/advise-on-holder.js';
import { ExitCode } from '../process/exit-code.js';
import { printResult, wantsColor } from '../process/print.js';
import { paint } from '../process/report-failure.js';
import { DEFAULT_TIMEOUT_MS, type Flags } from './flags.js';
import { whileWaiting } from './progress.js';
import { failureAsJson, namedGateway } from './request.command.js';

/** Asks the gateway at a url how it is: behind a tunnel, no operating system can tell. */
export async function statusOfUrl(url: string, flags: Flags): Promise<number> {
  const target = namedGateway(url, flags);
  try {
    const asking = callGateway({ ...target, method: 'status', timeoutMs: DEFAULT_TIMEOUT_MS.request });
    const live = (await whileWaiting(`waiting for an answer of ${url}`, asking, flags)) as Partial<Status>;
    printResult(flags.json, { ok: true, url, live, exitCode: ExitCode.OK }, [
      `Gateway is running on ${url} (${shown(live.phase)})`,
      ...paint(rowsOf(live), wantsColor(process.stdout)),
    ]);
    return ExitCode.OK;
  } catch (error) {
    return failureAsJson(error, flags);
  }
}

function rowsOf({ version, profile, pid, uptimeMs, addresses, clients }: Partial<Status>): Advice[] {
  return [
    [
      'gateway',
      `${shown(version)}, profile ${shown(profile)}, pid ${shown(pid)} there, up ${uptime(Number(uptimeMs) || 0)}`,
    ],
    ['listens on', Array.isArray(addresses) ? addresses.map(shown).join(', ') : shown(addresses)],
    ['clients', `${shown(clients)}, with this command`],
  ];
}

/** A gateway elsewhere can say anything. */
function shown(value: unknown): string {
  return printable(String(value));
}
