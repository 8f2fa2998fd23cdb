import { Option, SubCommand } from 'nest-commander';

import { callGateway } from '../control/client/call-gateway.js';
import { ExitCode, exitCodeOfHolder } from '../process/exit-code.js';
import { describeHolder } from '../holder/describe-holder.js';
import { stopHolder, type StopOutcome } from '../holder/stop-holder.js';
import type { HostPort } from '../listener/endpoint.js';
import type { Holder } from '../listener/holder.js';
import { complain } from '../process/report.js';
import { findToken } from '../config/settings.js';
import { AddressCommand, parseMilliseconds } from './address-command.js';
import { whereItRuns } from './where-it-runs.js';

/** A little more than a gateway gives its own shutdown. Milliseconds. */
export const DEFAULT_STOP_TIMEOUT_MS = 6_000;

@SubCommand({ name: 'stop', description: 'ask the gateway that holds the port to stop, and wait for the port' })
export class StopCommand extends AddressCommand {
  async run(_args: string[], { timeout }: { timeout?: string }): Promise<void> {
    const flags = this.addressFlags();
    const settings = await whereItRuns(await this.settings(flags));
    const { host, port } = settings;
    const address = { host, port };
    const outcome = await stopHolder(address, {
      timeoutMs: timeout === undefined ? DEFAULT_STOP_TIMEOUT_MS : parseMilliseconds('--timeout', timeout),
      kill: false,
      ask: askToStop(() => findToken(settings)),
      report: complain,
    });
    const exitCode = stopExitCode(outcome);
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ ok: exitCode === ExitCode.OK, ...outcome, exitCode })}\n`
        : `${describeStop(outcome, address)}\n`,
    );
    process.exit(exitCode);
  }

  @Option({ flags: '--timeout <ms>', description: `how long it may take (default: ${DEFAULT_STOP_TIMEOUT_MS} ms)` })
  readTimeout(text: string): string {
    return text;
  }
}

/** How long a gateway may take to take the order. Milliseconds. */
const ORDER_TIMEOUT_MS = 1_000;

/** Asks over its port, which says why it stops, and works where a process cannot be told by a signal. */
export function askToStop(token: () => string | undefined): (holder: Holder) => Promise<boolean> {
  return async ({ url }) => {
    try {
      await callGateway({
        url,
        token: token(),
        method: 'gateway.shutdown',
        params: { reason: 'openclaw gateway stop' },
        timeoutMs: ORDER_TIMEOUT_MS,
      });
      return true;
    } catch {
      return false;
    }
  };
}

export function stopExitCode(outcome: StopOutcome): number {
  switch (outcome.kind) {
    case 'nothing':
    case 'stopped':
      return ExitCode.OK;
    case 'late':
      return ExitCode.NOT_READY;
    case 'refused':
      // A gateway that is ready, and not ours to stop, is no reason to try again.
      return exitCodeOfHolder(outcome.holder);
  }
}

export function describeStop(outcome: StopOutcome, { port }: HostPort): string {
  switch (outcome.kind) {
    case 'nothing':
      return `nothing to stop: nobody listens on port ${port}`;
    case 'stopped':
      return outcome.successor
        ? `stopped; port ${port} was taken over: ${describeHolder(outcome.successor)}`
        : `stopped; port ${port} is free`;
    case 'late':
      return `not stopped in time, and still there: ${describeHolder(outcome.holder)}`;
    case 'refused':
      return `not stopped: ${outcome.reason}; ${describeHolder(outcome.holder)}`;
  }
}
