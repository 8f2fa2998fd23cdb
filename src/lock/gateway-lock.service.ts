import type { Server } from 'node:http';

import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { AbstractHttpAdapter, ApplicationConfig, HttpAdapterHost } from '@nestjs/core';

import { within } from '../common/deadline.js';
import { InputError } from '../common/input.error.js';
import { briefly } from '../common/printable.js';
import type { BoundAddress, ClaimedListener, LateAddress, ListenerLoss } from '../listener/claimed-listener.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import type { GatewayHttpServer } from '../serving/gateway-http.server.js';
import type { GatewayPhase, GatewayState } from '../serving/gateway-state.js';
import type { GatewayWebSockets } from '../serving/gateway-websockets.js';
import type { GatewayWsAdapter } from '../serving/gateway-ws.adapter.js';
import type { ShutdownNotice } from '../serving/ws-session.js';
import type { Activation, ActivationLoss } from './activation.js';
import { claimLockSet, type LockSet, type TakeFurtherLock } from './lock-set.js';
import { checkListenBeforeStart } from './nest-listen.js';
import { standInForListener } from './nest-server.js';
import type { ShutdownWatch } from './shutdown-watch.js';

/** Takes the lock by one attempt or more, each of which takes all of it or nothing; gives up when the signal is aborted. */
export type AcquireLock = (claim: () => Promise<LockSet>, signal: AbortSignal) => Promise<LockSet>;

/** The parts that the lock is made from. */
export interface GatewayLockParts {
  readonly settings: GatewayLockSettings;
  readonly state: GatewayState;
  readonly server: GatewayHttpServer;
  readonly webSockets: GatewayWebSockets;
  readonly adapter: GatewayWsAdapter;
  readonly shutdown: ShutdownWatch;
  readonly acquire: AcquireLock;
  /** The locks that are taken after the port, in this order. */
  readonly furtherLocks: readonly TakeFurtherLock[];
  /** Decides when the gateway works, once its port is held and served. Undefined: at once. */
  readonly activation: Activation | undefined;
  /** Called when everything is held, before anything is served. */
  readonly onHeld: () => void;
  readonly config: ApplicationConfig;
  readonly adapterHost: HttpAdapterHost;
}

const MAX_REASON = 200;
const STOPPED: ShutdownNotice = { reason: 'the gateway was stopped', restartExpectedMs: null };

/**
 * Holds the lock for the life of the app: takes it before any other module's `onApplicationBootstrap`, gives it back
 * after every other module's `onApplicationShutdown`. Provided by `GatewayLockModule`.
 *
 * @example
 * ```ts
 * constructor(private readonly lock: GatewayLockService) {}
 * onApplicationBootstrap(): void {
 *   console.log(this.lock.url); // ws://127.0.0.1:18789
 * }
 * ```
 */
export class GatewayLockService implements OnApplicationBootstrap, OnApplicationShutdown {
  /**
   * Resolves when a listener is closed or fails under the running gateway, or its fleet is lost to it. The gateway then
   * begins to shut down: the code that runs the app should close it and end the process. Never rejects.
   */
  readonly lost: Promise<ListenerLoss>;
  /**
   * Resolves with the name of the hook that hangs when a shutdown outlasts its deadline. The port stays held, since the
   * modules are still at work behind it: the code that runs the app should end the process. Never rejects.
   */
  readonly overdue: Promise<string>;
  /** Resolves when the gateway begins to stop, for whatever reason: the code that runs the app should close it. Never rejects. */
  readonly stopping: Promise<ShutdownNotice>;

  /**
   * Starts a successor, and resolves when this gateway is about to stop for it. What runs the app sets it.
   *
   * @internal
   */
  handover: ((timeoutMs?: number) => Promise<void>) | undefined;

  /**
   * Stops this gateway and starts it anew, with the reason that clients are told. What runs the app sets it, where it can.
   *
   * @internal
   * @returns whether it will
   */
  restart: ((reason: string) => boolean) | undefined;

  /**
   * Called when the port is held and served while another gateway of the fleet works. What runs the app sets it.
   *
   * @internal
   */
  onStandby: (() => void) | undefined;

  readonly #parts: GatewayLockParts;
  readonly #logger = new Logger('gateway');
  readonly #stopping = new AbortController();
  #locks: LockSet | undefined;
  #drained: Promise<void> | undefined;
  #reportLoss!: (loss: ListenerLoss) => void;
  #reportStop!: (notice: ShutdownNotice) => void;

  /** @internal */
  constructor(parts: GatewayLockParts) {
    this.#parts = parts;
    // In a constructor, because Nest connects gateway classes to the adapter before any hook runs.
    parts.config.setIoAdapter(parts.adapter);
    checkListenBeforeStart();
    this.lost = new Promise((resolve) => (this.#reportLoss = resolve));
    this.stopping = new Promise((resolve) => (this.#reportStop = resolve));
    this.overdue = parts.shutdown.overdue;
  }

  /**
   * The first address of the lock, `ws://host:port`.
   *
   * @throws {Error} the lock is not held yet
   */
  get url(): string {
    return this.#parts.state.url;
  }

  /**
   * Every address of the lock, in the order in which they were bound.
   *
   * @throws {Error} the lock is not held yet
   */
  get addresses(): readonly BoundAddress[] {
    return this.#parts.state.addresses;
  }

  /**
   * The descriptors of the listening sockets of the port, for a process that is to have them too; empty on Windows.
   *
   * @internal
   * @throws {Error} the lock is not held yet
   */
  get descriptors(): readonly number[] {
    return this.#held.listener.descriptors;
  }

  /**
   * Gives up this process's copies of the listeners, for a process that has them too, and serves what was accepted.
   *
   * @internal
   * @returns resolves when all of that is answered. A client that has begun a request is waited for as long as it may take
   * for it (`headersTimeoutMs`), one that has just connected for 2 seconds, and one that keeps its connection for 250 ms
   */
  async stopAccepting(): Promise<void> {
    const { server, settings } = this.#parts;
    this.#held.listener.close();
    await within(server.heardOut(), settings.http.headersTimeoutMs);
  }

  /** How far the gateway has come. */
  get phase(): GatewayPhase {
    return this.#parts.state.phase;
  }

  /**
   * A derived port, bound but not served yet: pass an HTTP server to its `adopt()`.
   *
   * @param name a key of the option `derived`
   * @example
   * ```ts
   * lock.derived('canvas').adopt(createServer(canvas)); // with derived: { canvas: 4 }
   * ```
   * @throws {Error} there is no such name, or the lock is not held yet
   */
  derived(name: string): ClaimedListener {
    const listener = this.#held.derived.get(name);
    if (!listener) throw new Error(`there is no derived port ${JSON.stringify(name)}: name it in the option "derived"`);
    return listener;
  }

  /**
   * Takes the lock.
   *
   * @throws {GatewayLockError} through Nest's `init()`, unchanged
   */
  async onApplicationBootstrap(): Promise<void> {
    const { settings, config, adapter, acquire, furtherLocks, activation } = this.#parts;
    this.#refuseIfStopped();
    if (config.getIoAdapter() !== adapter) {
      throw new Error(
        'another WebSocket adapter was installed over the one of GatewayLockModule, and its gateways would escape the lock: remove the call of useWebSocketAdapter()',
      );
    }
    await this.#prepareHttp();
    this.#locks = await acquire(() => claimLockSet(settings, furtherLocks), this.#stopping.signal);
    this.#refuseIfStopped();
    this.#serve(this.#locks);
    if (activation) await this.#standBy(activation);
  }

  /**
   * Begins to stop, without closing the app: the deadline runs, upgrades and requests get 503, clients are told and
   * closed. A start that is under way fails. Happens once; later calls return the promise of the first.
   *
   * @param notice what clients are told; with an expected restart they are closed with 1012, else with 1001
   * @default reason `the gateway was stopped`, no restart expected
   * @returns resolves when no client and no request is left, or `shutdownGraceMs` has passed
   */
  beginShutdown(notice: ShutdownNotice = STOPPED): Promise<void> {
    this.#drained ??= this.#drain(notice);
    return this.#drained;
  }

  /** Frees the port, as the last step of the app's shutdown. Safe after a failed start, and when called twice. */
  async onApplicationShutdown(): Promise<void> {
    const { settings, state, server, shutdown, activation } = this.#parts;
    if (activation) await activation.release();
    // A listener that was handed in has to be closed even when the start failed before it took it.
    (this.#locks ?? settings.listener)?.close();
    server.destroyConnections();
    if (this.#locks && state.phase !== 'released') this.#logger.log(`stopped: ${this.#locks.listener.url} is free`);
    state.phase = 'released';
    shutdown.end();
  }

  get #held(): LockSet {
    if (!this.#locks) throw new Error('the gateway lock is not held yet: it is from onApplicationBootstrap on');
    return this.#locks;
  }

  /** The first address, while the port is held. */
  get #address(): BoundAddress | undefined {
    return this.phase === 'released' ? undefined : this.#locks?.listener.addresses[0];
  }

  #serve({ listener, further, derived }: LockSet): void {
    const { state, server, settings } = this.#parts;
    state.listensOn(listener);
    const { version, profile } = settings.identity;
    const urls = listener.addresses.map(({ url }) => url).join(', ');
    this.#logger.log(`gateway ${version} starting: profile ${profile}, pid ${process.pid}, holds ${urls}`);
    this.#parts.onHeld();
    // The HTTP server watches the deadlines of its connections from this event on.
    server.http.once('listening', () => {
      for (const lock of further) lock.serve((socket) => server.serveRoutesOnly(socket));
    });
    listener.adopt(server.http);
    for (const one of [listener, ...derived.values()]) {
      one.completeLater((late) => this.#onLate(late));
    }
    for (const { lost } of [listener, ...further]) void lost.then((loss) => this.#onLost(loss));
    for (const { lost } of derived.values()) {
      // The server that adopted it may close it in a shutdown hook of its own.
      void lost.then((loss) => this.#drained ?? this.#onLost(loss));
    }
  }

  /** The port is held and answers probes meanwhile, so that a host that waits for days is not taken for one that hangs. */
  async #standBy(activation: Activation): Promise<void> {
    const { state } = this.#parts;
    state.phase = 'standby';
    this.onStandby?.();
    await activation.activate(this.#stopping.signal, {
      onLost: (loss) => this.#onDeactivated(loss),
      onYield: (reason) => this.#onYield(reason),
    });
    this.#refuseIfStopped();
    state.phase = 'starting';
  }

  #refuseIfStopped(): void {
    // The bind can succeed when the shutdown is over. Before that, the port stays held while modules stop behind it.
    if (this.phase === 'released') this.#locks?.close();
    this.#parts.state.refuseIfStopping();
  }

  async #prepareHttp(): Promise<void> {
    const { adapterHost, settings } = this.#parts;
    const adapter = adapterHost.httpAdapter as AbstractHttpAdapter<Server> | undefined;
    if (!adapter) {
      // It would take the lock and serve nothing: each command of such a program would keep the gateway from starting.
      throw new InputError(
        'this app has no HTTP side, so the gateway lock is not taken for it: make it with NestFactory.create(), or leave GatewayLockModule out of an application context',
      );
    }
    await standInForListener(adapter, settings, () => this.#address);
  }

  async #drain(notice: ShutdownNotice, withinMs = Infinity): Promise<void> {
    const { settings, state, server, webSockets, shutdown } = this.#parts;
    const shutdownGraceMs = Math.min(settings.shutdownGraceMs, withinMs);
    if (this.#locks) this.#logger.log(`stopping: ${describeStop(notice)}`);
    state.phase = 'draining';
    this.#reportStop(notice);
    this.#stopping.abort();
    shutdown.begin(withinMs);
    await Promise.all([webSockets.drain(notice, shutdownGraceMs), within(server.idle(), shutdownGraceMs)]);
  }

  #onLate({ url, isTaken }: LateAddress): void {
    if (isTaken) this.#logger.log(`listening on ${url} too, which this machine did not have at the start`);
    else this.#logger.warn(`another process listens on ${url}, so clients that use it do not reach this gateway`);
  }

  #onDeactivated({ cause, withinMs }: ActivationLoss): void {
    const { state, shutdown } = this.#parts;
    this.#reportLoss({ url: state.url, cause });
    // A shutdown that is under way must end in time too.
    if (this.#drained) shutdown.begin(withinMs);
    this.#drained ??= this.#drain(
      { reason: 'another gateway of the fleet takes over', restartExpectedMs: null },
      withinMs,
    );
  }

  /** A gateway that can starts anew, and stands by then. */
  #onYield(reason: string): void {
    if (this.#drained || this.restart?.(reason)) return;
    void this.beginShutdown({ reason, restartExpectedMs: null });
  }

  #onLost(loss: ListenerLoss): void {
    const cause = loss.cause ? `: ${loss.cause.message}` : '';
    this.#logger.error(`lost the listener on ${loss.url}${cause}; shutting down`);
    this.#reportLoss(loss);
    void this.beginShutdown({ reason: 'the gateway lost its listener', restartExpectedMs: null });
  }
}

/** Any client with the right to stop the gateway may write the reason. */
function describeStop({ reason, restartExpectedMs }: ShutdownNotice): string {
  return `${briefly(reason, MAX_REASON)}${restartExpectedMs === null ? '' : `, expected back in ${restartExpectedMs} ms`}`;
}
