import { setTimeout as delay } from 'node:timers/promises';

import { findToken, type Settings } from '../config/choose-settings.js';
import { callGateway } from '../control/client/call-gateway.js';
import { GatewayCallError } from '../control/client/gateway-call.error.js';
import { whoHolds } from '../holder/who-holds.js';
import { ANCHOR_HOST, gatewayUrl } from '../listener/listen-address.js';
import { ExitCode } from '../process/exit-code.js';
import { complain, printResult } from '../process/print.js';
import { readProofSecret } from '../state-folder/proof-secret.js';

const LOOK_AGAIN_MS = 50;

/**
 * Has the gateway replace its own process, and waits for the new one.
 *
 * @returns the exit code
 */
export async function handOver(settings: Settings, timeoutMs: number, json = false): Promise<number> {
  const { host, port, profile } = settings;
  const address = { host, port };
  const deadline = performance.now() + timeoutMs;
  const secret = readProofSecret(profile.stateFolder);
  const before = (await whoHolds(address, { secret })).card?.instanceId;
  const url = gatewayUrl(host === 'localhost' ? ANCHOR_HOST : host, port);
  try {
    await callGateway({ url, token: findToken(settings), method: 'gateway.handover', timeoutMs, ownOnly: { secret } });
  } catch (error) {
    if (!(error instanceof GatewayCallError) || error.code !== 'refused') throw error;
    const { message = error.message } = error.answer ?? {};
    const exitCode = message.startsWith('--handover') ? ExitCode.USAGE : ExitCode.NOT_READY;
    if (json) printResult(true, { ok: false, kind: 'not handed over', message, exitCode });
    else complain(message);
    return exitCode;
  }
  while (performance.now() < deadline) {
    const { card } = await whoHolds(address, { secret });
    if (card?.phase === 'ready' && card.instanceId !== before) {
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
