import { Logger } from '@nestjs/common';

import { within } from '../common/deadline.js';
import { briefly } from '../common/printable.js';
import type { ListenerLoss } from '../listener/claimed-listener.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import type { GatewayHttpServer } from '../serving/gateway-http.server.js';
import type { GatewayState } from '../serving/gateway-state.js';
import type { GatewayWebSockets } from '../serving/gateway-websockets.js';
import type { ShutdownNotice } from '../serving/ws-session.js';
import type { ActivationLoss } from './activation.js';
import type { ShutdownDeadline } from './shutdown-deadline.js';

/** The parts of a gateway that stop. */
export interface ShutdownParts {
  readonly settings: Pick<GatewayLockSettings, 'shutdownGraceMs'>;
  readonly state: GatewayState;
  readonly server: GatewayHttpServer;
  readonly webSockets: GatewayWebSockets;
  readonly deadline: ShutdownDeadline;
}

const MAX_REASON = 200;

/** How a gateway begins to stop, for whatever reason; that happens once. */
export class GatewayShutdown {
  /** Resolves with what was lost under the running gateway; never rejects. */
  readonly lost: Promise<ListenerLoss>;
  /** Resolves when the gateway begins to stop; never rejects. */
  readonly stopping: Promise<ShutdownNotice>;

  readonly #parts: ShutdownParts;
  readonly #logger = new Logger('gateway');
  readonly #aborter = new AbortController();
  #drained: Promise<void> | undefined;
  #reportLoss!: (loss: ListenerLoss) => void;
  #reportStop!: (notice: ShutdownNotice) => void;

  constructor(parts: ShutdownParts) {
    this.#parts = parts;
    this.lost = new Promise((resolve) => (this.#reportLoss = resolve));
    this.stopping = new Promise((resolve) => (this.#reportStop = resolve));
  }

  /** Whether the gateway is stopping. */
  get hasBegun(): boolean {
    return this.#drained !== undefined;
  }

  /** Aborted when the gateway begins to stop: a start that is under way fails. */
  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  /**
   * @param withinMs how long the whole shutdown may take, where that is less than the settings say
   * @returns resolves when no client and no request is left, or the grace has passed
   */
  begin(notice: ShutdownNotice, withinMs = Infinity): Promise<void> {
    this.#drained ??= this.#drain(notice, withinMs);
    return this.#drained;
  }

  /** Without its listener the gateway must not work. */
  beginForLoss(loss: ListenerLoss): void {
    const cause = loss.cause ? `: ${loss.cause.message}` : '';
    this.#logger.error(`lost the listener on ${loss.url}${cause}; shutting down`);
    this.#reportLoss(loss);
    void this.begin({ reason: 'the gateway lost its listener', restartExpectedMs: null });
  }

  /** Another gateway of the fleet may work soon. */
  beginForDeactivation({ cause, withinMs }: ActivationLoss): void {
    const { state, deadline } = this.#parts;
    this.#reportLoss({ url: state.url, cause });
    // A shutdown that is under way must end in time too.
    if (this.hasBegun) deadline.begin(withinMs);
    void this.begin({ reason: 'another gateway of the fleet takes over', restartExpectedMs: null }, withinMs);
  }

  async #drain(notice: ShutdownNotice, withinMs: number): Promise<void> {
    const { settings, state, server, webSockets, deadline } = this.#parts;
    const shutdownGraceMs = Math.min(settings.shutdownGraceMs, withinMs);
    if (state.isHeld) this.#logger.log(`stopping: ${describeStop(notice)}`);
    state.phase = 'draining';
    this.#reportStop(notice);
    this.#aborter.abort();
    deadline.begin(withinMs);
    await Promise.all([webSockets.drain(notice, shutdownGraceMs), within(server.idle(), shutdownGraceMs)]);
  }
}

/** Any client with the right to stop the gateway may write the reason. */
function describeStop({ reason, restartExpectedMs }: ShutdownNotice): string {
  return `${briefly(reason, MAX_REASON)}${restartExpectedMs === null ? '' : `, expected back in ${restartExpectedMs} ms`}`;
}
