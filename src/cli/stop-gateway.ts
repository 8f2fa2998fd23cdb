import type { Settings } from '../config/choose-settings.js';
import { adviseOn } from '../holder/advise-on-holder.js';
import { describeHolder, describeUse } from '../holder/describe-holder.js';
import { stopHolder, type StopOutcome } from '../holder/stop-holder.js';
import type { HostPort } from '../listener/endpoint.js';
import type { Holder } from '../listener/holder.js';
import { ExitCode, exitCodeOfHolder } from '../process/exit-code.js';
import { complain } from '../process/print.js';
import type { ShutdownNotice } from '../serving/ws-session.js';
import { readProofSecret } from '../state-folder/proof-secret.js';
import type { Program } from './command.js';
import { order } from './order.js';
import type { LocatedSettings } from './where-it-runs.js';

/** How long a gateway may take to accept the order to stop, in milliseconds. */
const ORDER_TIMEOUT_MS = 1_000;

export interface StopGatewayOptions {
  readonly timeoutMs: number;
  /** Whether a gateway that does not stop in time is killed. */
  readonly kill: boolean;
  readonly program: Program;
  /**
   * What its clients and its log are told.
   * @default that this command stops it, and that it is not expected back
   */
  readonly notice?: ShutdownNotice;
}

/** Stops the gateway that holds the port, and says on stderr how it goes about it. */
export function stopGateway(
  settings: LocatedSettings,
  {
    timeoutMs,
    kill,
    program,
    notice = { reason: `${program.name} gateway stop`, restartExpectedMs: null },
  }: StopGatewayOptions,
): Promise<StopOutcome> {
  const { host, port, instanceId } = settings;
  const secret = readProofSecret(settings.profile.stateFolder);
  const ask = (holder: Holder): Promise<boolean> => askToStop(holder, settings, notice);
  return stopHolder({ host, port }, { timeoutMs, kill, secret, instanceId, ask, report: complain });
}

/** Asks over its port, which says why it stops, and works where a process cannot be told by a signal. */
export async function askToStop(
  { url, card }: Pick<Holder, 'url' | 'card'>,
  settings: Settings,
  { reason, restartExpectedMs }: ShutdownNotice,
): Promise<boolean> {
  try {
    const params = { reason, ...(restartExpectedMs !== null && { restartExpectedMs }) };
    const how = { method: 'gateway.shutdown', params, timeoutMs: ORDER_TIMEOUT_MS };
    await order(settings, { url, instanceId: card?.instanceId }, how);
    return true;
  } catch {
    return false;
  }
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
      return `nothing to stop: no gateway is running on port ${port}`;
    case 'stopped':
      return outcome.successor
        ? `stopped; port ${port} was taken over: ${describeHolder(outcome.successor)}`
        : `stopped; port ${port} is free`;
    case 'late':
      return `not stopped in time, and still there: ${describeHolder(outcome.holder)}`;
    case 'refused':
      if (outcome.holder.verdict === 'foreign' && !outcome.holder.isOpenClaw) {
        return `not stopped: ${describeUse(outcome.holder, `port ${port}`)}`;
      }
      if (outcome.holder.verdict === 'stalled') return `not stopped: ${describeStalled(outcome.holder, port)}`;
      return `not stopped: ${outcome.reason}; ${describeHolder(outcome.holder)}`;
  }
}

function describeStalled(holder: Holder, port: number): string {
  const end = adviseOn(holder, { lock: 'port', port }).find(([purpose]) => purpose === 'end it');
  return `it ${describeHolder(holder)}${end === undefined ? '' : `; to end it: ${end[1]}`}`;
}
