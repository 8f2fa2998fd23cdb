import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { format } from 'node:util';

import { Inject, Injectable } from '@nestjs/common';

import { briefly, printable } from '../../common/printable.js';
import { GATEWAY_LOCK_SETTINGS } from '../../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../../options/gateway-lock.options.js';
import type { AccessPolicy, EvictionCause, RequestRefusal } from '../../serving/access-policy.js';
import { clientAddress } from '../../serving/forwarded-for.js';
import type { WsClient } from '../../serving/ws-client.js';
import { Metrics } from '../metrics/metrics.service.js';
import { RateLimitedLog } from './rate-limited-log.js';
import { RequestGate } from './request-gate.js';

const EVICTED: Readonly<Record<EvictionCause, string>> = {
  'too many idle': 'too many idle connections',
  'no descriptor': 'too few file descriptors',
};

/** Decides which requests may use the port, and notes every refusal in the log and the metrics. */
@Injectable()
export class AccessControl implements AccessPolicy {
  readonly #log = new RateLimitedLog('gateway/access');
  readonly #gate: RequestGate;

  constructor(
    @Inject(GATEWAY_LOCK_SETTINGS) { callers }: GatewayLockSettings,
    private readonly metrics: Metrics,
  ) {
    this.#gate = new RequestGate(callers);
  }

  judge(request: IncomingMessage, response?: ServerResponse): RequestRefusal | undefined {
    return this.#gate.judge(request, response);
  }

  onRefused({ reason, value, allowedBy }: RequestRefusal, socket: Socket): void {
    this.metrics.refused(reason);
    const what = value === undefined ? '' : `: ${briefly(value)}`;
    const wayOut = allowedBy === undefined ? '' : ` (${allowedBy} would allow it)`;
    this.#log.warn(reason, `refused a request from ${addressOf(socket)}: ${reason}${what}${wayOut}`);
  }

  onEvicted(socket: Socket, cause: EvictionCause): void {
    const reason = EVICTED[cause];
    this.metrics.refused(reason);
    this.#log.warn(reason, `hung up on a connection from ${addressOf(socket)}: ${reason}`);
  }

  onDropped({ remoteAddress }: WsClient, why: 'slow' | 'dead'): void {
    this.metrics.dropped(why);
    const reason = why === 'slow' ? 'it does not read what it is sent' : 'it gives no sign of life';
    this.#log.warn(reason, `cut off a client at ${remoteAddress}: ${reason}`);
  }

  /** @param about what the client said of itself, if it did */
  onHandshakeFailed({ remoteAddress }: WsClient, why: string, about?: { id: string; version: string }): void {
    this.metrics.handshakeFailed(why);
    const who = about ? ` (${briefly(about.id)} ${briefly(about.version)})` : '';
    this.#log.warn(why, `did not let in a client at ${remoteAddress}${who}: ${why}`);
  }

  /** Logs the message alone, in one line: a stack would show paths. */
  onHandlerFailed(method: string, exception: unknown): void {
    // Anything can be thrown, and String() itself throws for an object without a prototype.
    const [message = ''] = format('%s', (exception as Error | null | undefined)?.message ?? exception).split('\n');
    // The message often quotes what a client has sent.
    this.#log.warn(`handler of ${method}`, `the handler of ${method} failed: ${printable(message)}`);
  }
}

/** A closed connection has no address any more, and one over a local socket never had one. */
function addressOf(socket: Socket): string {
  return clientAddress(socket) ?? 'an unknown address';
}
