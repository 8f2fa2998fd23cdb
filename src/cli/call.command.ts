import { Option, SubCommand } from 'nest-commander';

import { callGateway } from '../control/client/call-gateway.js';
import { GatewayCallError } from '../control/client/gateway-call.error.js';
import { describeError, exitCodeOf } from '../process/exit-code.js';
import { printableJson } from '../common/printable.js';
import { whoHolds } from '../holder/who-holds.js';
import { InputError } from '../common/input.error.js';
import { ANCHOR_HOST, gatewayUrl } from '../listener/listen-address.js';
import { complain } from '../process/report.js';
import { chooseToken, findToken, TOKEN_VARIABLE } from '../config/settings.js';
import { AddressCommand, parseMilliseconds, type AddressFlags } from './address-command.js';
import { isForeignOrOtherUser, isTokenGiven } from './found-token.js';
import { whereItRuns } from './where-it-runs.js';

const DEFAULT_TIMEOUT_MS = 10_000;
/** How long it may take to find out who holds the port. Milliseconds. */
const LOOK_MS = 2_000;

interface CallFlags {
  url?: string;
  timeout?: string;
}

interface Target {
  readonly url: string;
  readonly token: string | undefined;
}

/** A command that makes one request of a running gateway. */
abstract class RequestCommand extends AddressCommand {
  @Option({
    flags: '--url <url>',
    description: 'the gateway, as ws://host:port; --token or OPENCLAW_GATEWAY_TOKEN then too',
  })
  readUrl(text: string): string {
    return text;
  }

  @Option({ flags: '--timeout <ms>', description: `how long it may take (default: ${DEFAULT_TIMEOUT_MS} ms)` })
  readTimeout(text: string): string {
    return text;
  }

  /** Prints the payload of the answer, and ends the process. */
  protected async request(method: string, params: object | undefined, { url, timeout }: CallFlags): Promise<never> {
    const flags = this.addressFlags();
    const timeoutMs = timeout === undefined ? DEFAULT_TIMEOUT_MS : parseMilliseconds('--timeout', timeout);
    try {
      const target = url === undefined ? await this.#ownGateway(flags) : this.#otherGateway(url, flags);
      const payload = await callGateway({ ...target, method, params, timeoutMs });
      const text = flags.json ? JSON.stringify({ ok: true, payload }) : JSON.stringify(payload, null, 2);
      process.stdout.write(`${printableJson(text)}\n`);
      process.exit(0);
    } catch (error) {
      if (!(error instanceof GatewayCallError)) throw error;
      const exitCode = exitCodeOf(error);
      const report = { ok: false, failure: error.kind, message: error.message, error: error.answer ?? null, exitCode };
      if (flags.json) process.stdout.write(`${printableJson(JSON.stringify(report))}\n`);
      else complain(describeError(error));
      process.exit(exitCode);
    }
  }

  async #ownGateway(flags: AddressFlags): Promise<Target> {
    const settings = await whereItRuns(await this.settings(flags));
    const { host, port } = settings;
    const url = gatewayUrl(WILDCARDS.has(host) ? ANCHOR_HOST : host, port);
    const token = findToken(settings);
    const isFound = token !== undefined && !isTokenGiven(flags);
    if (isFound && isForeignOrOtherUser(await whoHolds(settings, { timeoutMs: LOOK_MS }))) {
      throw new GatewayCallError(
        'not a gateway',
        `the token of this user is not shown to ${url}, which is not a gateway of the same user: see openclaw gateway status --port ${port}, or give a token`,
      );
    }
    return { url, token };
  }

  /** The token of this user's own gateway is not shown to any other. */
  #otherGateway(url: string, flags: AddressFlags): Target {
    this.refuseFlags(flags, ['port', 'host'], '--url says which gateway');
    const token = chooseToken(
      { source: '--token', value: flags.token },
      { source: TOKEN_VARIABLE, value: process.env[TOKEN_VARIABLE] },
    );
    if (token === undefined) {
      throw new InputError(`--url: give the token of that gateway too, with --token or ${TOKEN_VARIABLE}`);
    }
    return { url: checkUrl(url), token };
  }
}

/** All of these hold 127.0.0.1 as well. */
const WILDCARDS = new Set(['localhost', '0.0.0.0', '::']);

@SubCommand({ name: 'call', arguments: '<method>', description: 'make one request of a running gateway' })
export class CallCommand extends RequestCommand {
  async run([method = '']: string[], flags: CallFlags & { params?: string }): Promise<void> {
    await this.request(method, parseParams(flags.params), flags);
  }

  @Option({ flags: '--params <json>', description: 'the params of the request, as a JSON object' })
  readParams(text: string): string {
    return text;
  }
}

@SubCommand({ name: 'health', description: 'ask a running gateway how it is' })
export class HealthCommand extends RequestCommand {
  async run(_args: string[], flags: CallFlags): Promise<void> {
    await this.request('health', undefined, flags);
  }
}

function parseParams(text: string | undefined): object | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // The same line for all that is no object.
  }
  throw new InputError(
    `--params: ${JSON.stringify(text)} is not a JSON object; give one such as '{"reason":"update"}'`,
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
