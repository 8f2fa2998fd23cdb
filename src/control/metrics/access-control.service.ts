import type { Socket } from 'node:net';
import { format } from 'node:util';

import { Inject, Injectable } from '@nestjs/common';

import { printable } from '../../common/printable.js';
import { GATEWAY_LOCK_SETTINGS } from '../../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../../options/gateway-lock.options.js';
import { GatewayHttpServer } from '../../serving/gateway-http.server.js';
import { GatewayWsAdapter } from '../../serving/gateway-ws.adapter.js';
import { RequestGate } from '../access/request-gate.js';
import { EventLog } from './event-log.js';
import { Metrics } from './metrics.service.js';

const TOO_MANY_IDLE = 'too many idle connections';

/** Guards the door of the port, and notes whom it did not let in, for the log and the metrics. */
@Injectable()
export class AccessControl {
  readonly #log = new EventLog();

  constructor(
    @Inject(GATEWAY_LOCK_SETTINGS) { callers }: GatewayLockSettings,
    server: GatewayHttpServer,
    adapter: GatewayWsAdapter,
    private readonly metrics: Metrics,
  ) {
    const gate = new RequestGate(callers);
    server.setAdmission((request, response) => gate.judge(request, response));
    server.onRefused = ({ reason }, { socket }) => {
      metrics.refused(reason);
      this.#log.warn(reason, `refused a request from ${addressOf(socket)}: ${reason}`);
    };
    server.onEvicted = (socket) => {
      metrics.refused(TOO_MANY_IDLE);
      this.#log.warn(TOO_MANY_IDLE, `hung up on a connection from ${addressOf(socket)}: ${TOO_MANY_IDLE}`);
    };
    adapter.onDropped = ({ remoteAddress }, why) => {
      metrics.dropped(why);
      const reason = why === 'slow' ? 'it does not read what it is sent' : 'it gives no sign of life';
      this.#log.warn(reason, `cut off a client at ${remoteAddress}: ${reason}`);
    };
  }

  handshakeFailed(address: string, why: string): void {
    this.metrics.handshakeFailed(why);
    this.#log.warn(why, `did not let in a client at ${address}: ${why}`);
  }

  /** Only the message, in one line: a stack would show paths. */
  handlerFailed(method: string, exception: unknown): void {
    // Not with String(), which fails for an object without a prototype: anything can be thrown.
    const [message = ''] = format('%s', (exception as Error | null | undefined)?.message ?? exception).split('\n');
    // What a client has sent is often a part of it.
    this.#log.warn(`handler of ${method}`, `the handler of ${method} failed: ${printable(message)}`);
  }
}

/** One that has gone has none any more, and one that came over a local socket never had. */
function addressOf({ remoteAddress = 'an unknown address' }: Socket): string {
  return remoteAddress;
}
