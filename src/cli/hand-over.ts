import { setTimeout as delay } from 'node:timers/promises';

import { GatewayCallError } from '../control/client/gateway-call.error.js';
import { describeHolder } from '../holder/describe-holder.js';
import { isMeant, notOfProfile } from '../holder/stop-holder.js';
import { isOwn, UNHURRIED_MS, whoHolds } from '../holder/who-holds.js';
import { ANCHOR_HOST, gatewayUrl } from '../listener/listen-address.js';
import { ExitCode, exitCodeOfHolder } from '../process/exit-code.js';
import { complain, printResult } from '../process/print.js';
import { readProofSecret } from '../state-folder/proof-secret.js';
import { order } from './order.js';
import type { LocatedSettings } from './where-it-runs.js';

const LOOK_AGAIN_MS = 50;
/** Beside the time that the new process is given, for the answer of the gateway. */
const ANSWER_MS = 5_000;
/** The longest that a hand-over can take once the new process could start: to answer what was accepted, and to stop and start. */
const SWITCH_MS = 30_000;

/**
 * Has the gateway replace its own process, and waits for the new one.
 *
 * @param timeoutMs how long the new process may take until it could start, in milliseconds; nothing has changed before that
 * @returns the exit code
 */
export async function handOver(settings: LocatedSettings, timeoutMs: number, json = false): Promise<number> {
  const { host, port, profile } = settings;
  const address = { host, port };
  const secret = readProofSecret(profile.stateFolder);
  const holder = await whoHolds(address, { secret, timeoutMs: UNHURRIED_MS });
  if (holder.card && !isMeant(holder.card, settings.instanceId)) {
    return refused(`not handed over: ${notOfProfile(port)}`, exitCodeOfHolder(holder), json);
  }
  const before = holder.card?.instanceId;
  const url = gatewayUrl(host === 'localhost' ? ANCHOR_HOST : host, port);
  try {
    const how = { method: 'gateway.handover', params: { timeoutMs }, timeoutMs: timeoutMs + ANSWER_MS };
    await order(settings, { url, instanceId: before ?? settings.instanceId }, how);
  } catch (error) {
    if (!(error instanceof GatewayCallError) || error.code !== 'refused') throw error;
    const { message, exitCode } = refusalOf(error);
    return refused(message, exitCode, json);
  }
  const deadline = performance.now() + SWITCH_MS;
  while (performance.now() < deadline) {
    const now = await whoHolds(address, { secret });
    const { card } = now;
    // A new process that fails gives the port back, and any process can take it then, and show any card.
    if (now.ownership === 'other user') {
      return refused(`not handed over: another user has taken ${url}: ${describeHolder(now)}`, ExitCode.FOREIGN, json);
    }
    if (card?.phase === 'ready' && card.instanceId !== before && isOwn(now)) {
      printResult(json, { ok: true, kind: 'handed over', pid: card.pid, url, exitCode: ExitCode.OK }, [
        `handed over to pid ${card.pid} on ${url}`,
      ]);
      return ExitCode.OK;
    }
    await delay(LOOK_AGAIN_MS);
  }
  complain(`the new gateway on ${url} is not ready yet: see it with status`);
  return ExitCode.NOT_READY;
}

function refused(message: string, exitCode: number, json: boolean): number {
  if (json) printResult(true, { ok: false, kind: 'not handed over', message, exitCode });
  else complain(message);
  return exitCode;
}

/** What the new process has ended with is what this command ends with. */
function refusalOf({ answer, message }: GatewayCallError): { readonly message: string; readonly exitCode: number } {
  const { exitCode } = (answer?.details ?? {}) as { readonly exitCode?: unknown };
  return {
    message: answer?.message ?? message,
    exitCode: typeof exitCode === 'number' && exitCode > 0 ? exitCode : ExitCode.NOT_READY,
  };
}
