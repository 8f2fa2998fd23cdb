import { InputError } from '../common/input.error.js';
import { printableJson } from '../common/printable.js';
import { chooseSettings } from '../config/choose-settings.js';
import { chooseToken, findToken, givenTokens, TOKEN_VARIABLE } from '../config/choose-token.js';
import { callGateway, type CallOptions, type OwnOnly } from '../control/client/call-gateway.js';
import { GatewayCallError } from '../control/client/gateway-call.error.js';
import type { AskedHolder } from '../holder/ask-whose.js';
import { hostsToAsk } from '../holder/serving-address.js';
import { isMeant } from '../holder/stop-holder.js';
import { gatewayUrl } from '../listener/listen-address.js';
import { ExitCode, exitCodeOf } from '../process/exit-code.js';
import { printResult } from '../process/print.js';
import { readProofSecret } from '../state-folder/proof-secret.js';
import { refuseFlags, timeoutOf } from './flags-of.js';
import { DEFAULT_TIMEOUT_MS, type Flags } from './flags.js';
import type { Invocation } from './command.js';
import { whileWaiting } from './progress.js';
import { whereItRuns, withWayOut, type LocatedSettings } from './where-it-runs.js';

interface Target {
  readonly url: string;
  readonly token: string | undefined;
  readonly ownOnly?: OwnOnly;
}

/** Makes one request of a running gateway, and prints the payload of its answer. */
export function call(invocation: Invocation): Promise<number> {
  const [method = ''] = invocation.args;
  return request({ method, params: parseParams(invocation.flags) }, invocation);
}

/** Asks a running gateway how it is: the one that is there, and not the active one of another host. */
export function health(invocation: Invocation): Promise<number> {
  return request({ method: 'health', direct: true }, invocation);
}

async function request(
  asked: Pick<CallOptions, 'method' | 'params' | 'direct'>,
  invocation: Invocation,
): Promise<number> {
  const { flags, profile, program } = invocation;
  const timeoutMs = timeoutOf(flags, DEFAULT_TIMEOUT_MS.request);
  let settings: LocatedSettings | undefined;
  try {
    if (flags.url === undefined) settings = await whereItRuns(await chooseSettings(profile, flags));
    const target = settings ? ownGateway(settings) : namedGateway(flags.url ?? '', flags);
    const asking = callGateway({ ...target, ...asked, timeoutMs });
    const payload = await whileWaiting(`waiting for an answer of ${target.url}`, asking, flags);
    printResult(flags.json, { ok: true, payload }, [printableJson(JSON.stringify(payload, null, 2))]);
    return ExitCode.OK;
  } catch (error) {
    return failureAsJson(settings ? withWayOut(error, settings, program.name) : error, flags);
  }
}

/**
 * Reports why a call has failed, where a script is to read it.
 *
 * @returns the exit code
 * @throws the error itself, for all that is not to be JSON
 */
export function failureAsJson(error: unknown, { json }: Flags): number {
  if (!json || !(error instanceof GatewayCallError)) throw error;
  const { code: failure, message, answer = null } = error;
  const exitCode = exitCodeOf(error);
  printResult(true, { ok: false, failure, message, error: answer, exitCode });
  return exitCode;
}

function ownGateway(settings: LocatedSettings): Target {
  const { host, port, instanceId } = settings;
  const [hostToAsk = host] = hostsToAsk(host);
  const url = gatewayUrl(hostToAsk, port);
  const token = findToken(settings);
  const secret = readProofSecret(settings.profile.stateFolder);
  // Where no port was given, it is the gateway of the profile, also one that has started since it was looked up.
  const isOfProfile = ({ ownership, card }: AskedHolder): boolean =>
    ownership === 'proven' || isMeant(card, instanceId);
  // Without a token too: what another user's process answers is no news of this user's gateway.
  return { url, token, ownOnly: { secret, isMeant: isOfProfile } };
}

/**
 * The gateway that `--url` names. The token of this user's own gateway is not shown to any other.
 *
 * @throws {InputError} it is no url, or no token was given with it
 */
export function namedGateway(url: string, flags: Flags): Target {
  refuseFlags(flags, ['port', 'host'], '--url says which gateway');
  const token = chooseToken(...givenTokens(flags, process.env));
  if (token === undefined) {
    throw new InputError(`--url: give the token of that gateway too, with --token or ${TOKEN_VARIABLE}`);
  }
  return { url: checkUrl(url), token };
}

function parseParams({ params }: Flags): object | undefined {
  if (params === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(params);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // The same line for all that is no object.
  }
  throw new InputError(
    `--params: ${JSON.stringify(params)} is not a JSON object; give one such as '{"reason":"update"}'`,
  );
}

function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // A WebSocket has no fragment (RFC 6455, 3).
  if ((url?.protocol === 'ws:' || url?.protocol === 'wss:') && !text.includes('#')) return text;
  throw new InputError(
    `--url: ${JSON.stringify(text)} is not the URL of a gateway; give one such as ws://127.0.0.1:18789`,
  );
}
