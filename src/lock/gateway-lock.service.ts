import type { Server } from 'node:http';

import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, type AbstractHttpAdapter } from '@nestjs/core';

import { GATEWAY_LOCK_SETTINGS } from '../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import { GatewayHttpServer, type GatewayPhase } from '../serving/gateway-http.server.js';
import { GatewayWsAdapter } from '../serving/gateway-ws.adapter.js';
import type { BoundAddress, ClaimedListener, ListenerLoss } from '../listener/claimed-listener.js';
import { claimLockSet, type LockSet, type TakeFurtherLock } from './lock-set.js';
import { ShutdownWatch } from './shutdown-watch.js';
import type { ShutdownNotice } from '../serving/ws-session.js';

/** Takes the lock by one attempt or more, each of which takes all of it or nothing; gives up when the signal is aborted. */
export type AcquireLock = (claim: () => Promise<LockSet>, signal: AbortSignal) => Promise<LockSet>;

const STOPPED: ShutdownNotice = { reason: 'the gateway was stopped', restartExpectedMs: null };

/**
 * Holds the lock for the life of the app: takes it before any other module's `onApplicationBootstrap`, gives it back
 * after every other module's `onApplicationShutdown`.
 */
@Injectable()
export class GatewayLockService implements OnApplicationBootstrap, OnApplicationShutdown {
  /**
   * Resolves when a listener is closed or fails under the running gateway, which then begins to shut down: whoever
   * runs the app should close it and end the process. Never rejects.
   */
  readonly lost: Promise<ListenerLoss>;
  /**
   * Resolves with the name of the hook that hangs when a shutdown outlasts its deadline. The port stays held, since the
   * modules are still at work behind it: whoever runs the app should end the process. Never rejects.
   */
  readonly overdue: Promise<string>;

  /** Resolves when the gateway begins to stop, whoever told it to: whoever runs the app should close it. Never rejects. */
  readonly stopping: Promise<ShutdownNotice>;

  readonly #logger = new Logger('GatewayLock');
  readonly #watch: ShutdownWatch;
  readonly #stopping = new AbortController();
  readonly #takeFurther: TakeFurtherLock[] = [];
  #acquire: AcquireLock = (claim) => claim();
  #locks: LockSet | undefined;
  #drained: Promise<void> | undefined;
  #reportLoss!: (loss: ListenerLoss) => void;
  #reportStop!: (notice: ShutdownNotice) => void;

  constructor(
    @Inject(GATEWAY_LOCK_SETTINGS) private readonly settings: GatewayLockSettings,
    private readonly server: GatewayHttpServer,
    private readonly adapter: GatewayWsAdapter,
    private readonly config: ApplicationConfig,
    private readonly adapterHost: HttpAdapterHost,
  ) {
    // In a constructor, because Nest connects gateway classes to the adapter before any hook runs.
    config.setIoAdapter(adapter);
    this.lost = new Promise((resolve) => (this.#reportLoss = resolve));
    this.stopping = new Promise((resolve) => (this.#reportStop = resolve));
    this.#watch = new ShutdownWatch(settings.shutdownDeadlineMs);
    this.overdue = this.#watch.overdue;
  }

  /** The first address of the lock, `ws://host:port`. Throws before the lock is taken. */
  get url(): string {
    return this.#held.listener.url;
  }

  /** Every address of the lock, in the order in which they were bound. Throws before the lock is taken. */
  get addresses(): readonly BoundAddress[] {
    return this.#held.listener.addresses;
  }

  /** A derived port, bound but not served: have a server adopt it. Throws before the lock is taken. */
  derived(name: string): ClaimedListener {
    const listener = this.#held.derived.get(name);
    if (!listener) throw new Error(`there is no derived port ${JSON.stringify(name)}: name it in the option "derived"`);
    return listener;
  }

  get phase(): GatewayPhase {
    return this.server.phase;
  }

  /**
   * Takes the lock.
   *
   * @throws {GatewayLockError} through Nest's `init()`, unchanged
   */
  async onApplicationBootstrap(): Promise<void> {
    this.#refuseIfStopped();
    if (this.config.getIoAdapter() !== this.adapter) {
      throw new Error(
        'another WebSocket adapter was installed over the one of GatewayLockModule, and its gateways would escape the lock: remove the call of useWebSocketAdapter()',
      );
    }
    await this.#prepareHttp();
    const claim = (): Promise<LockSet> => claimLockSet(this.settings, this.#takeFurther);
    this.#locks = await this.#acquire(claim, this.#stopping.signal);
    this.#refuseIfStopped();
    this.#serve(this.#locks);
  }

  /** Takes a further lock after the port, and after those that were named before it. Before the start. */
  alsoTake(take: TakeFurtherLock): void {
    this.#takeFurther.push(take);
  }

  /** Replaces how the lock is taken, from one attempt to something more patient or more telling. Before the start. */
  acquireWith(acquire: AcquireLock): void {
    this.#acquire = acquire;
  }

  /** Lets clients in: every bootstrap hook has run. */
  open(): void {
    this.#refuseIfStopped();
    this.server.phase = 'ready';
  }

  /**
   * Begins to stop, without closing the app: the deadline runs, upgrades and requests get 503, clients are told and let
   * go. A start that is under way fails. Done once; later calls get the promise of the first.
   *
   * @param notice what clients are told; with an expected restart they are closed with 1012, else with 1001
   */
  beginShutdown(notice: ShutdownNotice = STOPPED): Promise<void> {
    this.#drained ??= this.#drain(notice);
    return this.#drained;
  }

  /** Notes how far Nest's shutdown has come, for the report of one that hangs. */
  enterHook(hook: string): void {
    this.#watch.enter(hook);
  }

  /** Frees the port; the last step of the app's shutdown. Safe after a failed start, and twice. */
  onApplicationShutdown(): void {
    // A listener that was handed in has to go even when the start never came as far as to take it.
    (this.#locks ?? this.settings.listener)?.close();
    this.server.destroyConnections();
    this.server.phase = 'released';
    this.#watch.end();
  }

  get #held(): LockSet {
    if (!this.#locks) {
      throw new Error('the gateway lock is not held yet: its address is known from onApplicationBootstrap on');
    }
    return this.#locks;
  }

  #serve({ listener, further, derived }: LockSet): void {
    // Connections are only served within deadlines from this event on.
    this.server.http.once('listening', () => {
      for (const lock of further) lock.serve((socket) => this.server.answerOnly(socket));
    });
    listener.adopt(this.server.http);
    for (const { lost } of [listener, ...further]) void lost.then((loss) => this.#onLost(loss));
    for (const { lost } of derived.values()) {
      // Whoever adopted it may close it in a shutdown hook of its own.
      void lost.then((loss) => this.#drained ?? this.#onLost(loss));
    }
  }

  #refuseIfStopped(): void {
    if (!this.#drained) return;
    // A bind can land when the shutdown is over. Before that, modules that have started are yet to be stopped behind it.
    if (this.phase === 'released') this.#locks?.close();
    throw new Error('the gateway was told to stop while it was starting');
  }

  async #prepareHttp(): Promise<void> {
    const adapter = this.adapterHost.httpAdapter as AbstractHttpAdapter<Server> | undefined;
    if (!adapter) return;
    adapter.getHttpServer().listen = () => {
      throw new Error(
        `app.listen() would open a port that the gateway lock does not guard: call app.init() alone, the app is served on ${this.url}`,
      );
    };
    // Fastify has to be told that its routes are complete; a request before that ends the process.
    if (adapter.getType() === 'fastify') await adapter.getInstance<{ ready(): PromiseLike<unknown> }>().ready();
  }

  async #drain(notice: ShutdownNotice): Promise<void> {
    this.server.phase = 'draining';
    this.#reportStop(notice);
    this.#stopping.abort();
    this.#watch.begin();
    const { shutdownGraceMs } = this.settings;
    await Promise.all([this.adapter.drain(notice, shutdownGraceMs), this.#httpIdle(shutdownGraceMs)]);
  }

  async #httpIdle(graceMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs)));
    await Promise.race([this.server.idle(), over]);
    clearTimeout(timer);
  }

  #onLost(loss: ListenerLoss): void {
    const cause = loss.cause ? `: ${loss.cause.message}` : '';
    this.#logger.error(`lost the listener on ${loss.url}${cause}; shutting down`);
    this.#reportLoss(loss);
    void this.beginShutdown({ reason: 'the gateway lost its listener', restartExpectedMs: null });
  }
}
