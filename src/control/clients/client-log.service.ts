import { Inject, Injectable, Logger } from '@nestjs/common';

import { briefly } from '../../common/printable.js';
import { GATEWAY_LOCK_SETTINGS } from '../../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../../options/gateway-lock.options.js';
import { RateLimitedLog } from '../access/rate-limited-log.js';
import type { RequestOutcome } from '../wire/frames.js';
import { describeClient } from './describe-client.js';
import type { GatewayClient } from './gateway-client.js';

/** RFC 6455, 7.4.1: the two codes that stand for a close frame without a code, and for none at all. */
const NO_CODE = 1005;
const NO_CLOSE_FRAME = 1006;
/** Long enough for the name of a method in it. */
const MAX_REFUSAL = 200;

/** Notes in the log which clients come and go, and, where that is asked for, each of their requests. */
@Injectable()
export class ClientLog {
  readonly #log = new RateLimitedLog('gateway/clients');
  readonly #requests = new Logger('gateway/requests');
  readonly #logsRequests: boolean;

  constructor(@Inject(GATEWAY_LOCK_SETTINGS) { clients }: GatewayLockSettings) {
    this.#logsRequests = clients.logRequests;
  }

  came(client: GatewayClient): void {
    this.#log.info('clients in', `${describeClient(client)} came in, mode ${briefly(client.about.mode)}`);
  }

  /** @param code the code of the close frame, and its reason */
  left(client: GatewayClient, code: number, reason: string): void {
    this.#log.info('clients out', `${describeClient(client)} left: ${whyClosed(code, reason)}`);
  }

  /**
   * @param method `undefined` for a method that does not exist
   * @param startedAt on the clock of `performance.now()`
   * @param refusal what the client was told instead of an answer, where no method was called
   */
  answered(method: string | undefined, outcome: RequestOutcome, startedAt: number, refusal?: string): void {
    if (!this.#logsRequests) return;
    const what = method ?? briefly(refusal ?? 'no request', MAX_REFUSAL);
    this.#requests.log(`${what}: ${outcome}, ${(performance.now() - startedAt).toFixed(1)} ms`);
  }
}

function whyClosed(code: number, reason: string): string {
  if (code === NO_CLOSE_FRAME) return 'its connection was lost';
  if (code === NO_CODE) return 'closed without a code';
  return `closed with ${code}${reason === '' ? '' : ` (${briefly(reason)})`}`;
}
