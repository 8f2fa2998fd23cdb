import { Option, SubCommand } from 'nest-commander';

import { ExitCode, exitCodeOfHolder } from '../exit-code.js';
import { describeHolder } from '../holder/describe-holder.js';
import { stopHolder, type StopOutcome } from '../holder/stop-holder.js';
import type { FailedAddress } from '../lock/listener/gateway-lock.error.js';
import { InputError } from '../profile/input.error.js';
import { complain } from '../report.js';
import { AddressCommand } from './address-command.js';

/** A little more than a gateway gives its own shutdown. Milliseconds. */
export const DEFAULT_STOP_TIMEOUT_MS = 6_000;
const MAX_TIMEOUT_MS = 3_600_000;

@SubCommand({ name: 'stop', description: 'ask the gateway that holds the port to stop, and wait for the port' })
export class StopCommand extends AddressCommand {
  async run(_args: string[], { timeout }: { timeout?: string }): Promise<void> {
    const flags = this.addressFlags();
    const address = this.address(flags);
    const outcome = await stopHolder(address, {
      timeoutMs: parseTimeout(timeout),
      kill: false,
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

export function parseTimeout(text: string | undefined): number {
  if (text === undefined) return DEFAULT_STOP_TIMEOUT_MS;
  if (!/^[1-9][0-9]{0,6}$/.test(text) || Number(text) > MAX_TIMEOUT_MS) {
    throw new InputError(
      `--timeout: ${JSON.stringify(text)} is not a time; give milliseconds from 1 to ${MAX_TIMEOUT_MS}, or leave it out for ${DEFAULT_STOP_TIMEOUT_MS}`,
    );
  }
  return Number(text);
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

export function describeStop(outcome: StopOutcome, { port }: FailedAddress): string {
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
