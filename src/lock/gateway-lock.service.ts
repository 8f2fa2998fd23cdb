import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';

import { within } from '../common/deadline.js';
import type { BoundAddress, ClaimedListener, LateAddress, ListenerLoss } from '../listener/claimed-listener.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import type { GatewayHttpServer } from '../serving/gateway-http.server.js';
import type { GatewayPhase, GatewayState } from '../serving/gateway-state.js';
import type { GatewayWsAdapter } from '../serving/gateway-ws.adapter.js';
import type { ShutdownNotice } from '../serving/ws-session.js';
import type { Activation } from './activation.js';
import type { GatewayRunner } from './gateway-runner.js';
import type { GatewayShutdown } from './gateway-shutdown.js';
import { claimLockSet, type LockSet, type TakeFurtherLock } from './lock-set.js';
import { checkListenBeforeStart } from './nest-listen.js';
import { standInForListener } from './nest-server.js';
import type { ShutdownDeadline } from './shutdown-deadline.js';

/** Takes the lock in one attempt or more: each takes all of it or nothing. Gives up when the signal is aborted. */
export type AcquireLock = (claim: () => Promise<LockSet>, signal: AbortSignal) => Promise<LockSet>;

/** The parts that the lock is made from. */
export interface GatewayLockParts {
  readonly settings: GatewayLockSettings;
  readonly state: GatewayState;
  readonly server: GatewayHttpServer;
  readonly adapter: GatewayWsAdapter;
  readonly shutdown: GatewayShutdown;
  readonly deadline: ShutdownDeadline;
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

  readonly #parts: GatewayLockParts;
  readonly #logger = new Logger('gateway');
  #locks: LockSet | undefined;
  #runner: GatewayRunner = {};
  #heardOut: Promise<void> | undefined;

  /** @internal */
  constructor(parts: GatewayLockParts) {
    this.#parts = parts;
    // In a constructor, because Nest connects gateway classes to the adapter before any hook runs.
    parts.config.setIoAdapter(parts.adapter);
    checkListenBeforeStart();
    this.lost = parts.shutdown.lost;
    this.stopping = parts.shutdown.stopping;
    this.overdue = parts.deadline.overdue;
  }

  /**
   * Says what the program that runs the app does for this gateway: `runGateway` calls it once, before the app starts.
   *
   * @internal
   */
  runBy(runner: GatewayRunner): void {
    this.#runner = runner;
  }

  /**
   * What the program that runs the app does for this gateway.
   *
   * @internal
   */
  get runner(): GatewayRunner {
    return this.#runner;
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
   * @param withinMs how long a client that has begun a request is waited for. Default: as long as it may take for it
   * (`headersTimeoutMs`)
   * @returns resolves when all of that is answered. A client that has just connected is waited for 2 seconds, and one that
   * keeps its connection for 250 ms
   */
  stopAccepting(withinMs: number = this.#parts.settings.http.headersTimeoutMs): Promise<void> {
    this.#held.listener.close();
    this.#heardOut ??= within(this.#parts.server.heardOut(), withinMs);
    return this.#heardOut;
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
    const { settings, config, adapter, adapterHost, shutdown, acquire, furtherLocks, activation } = this.#parts;
    this.#refuseIfStopped();
    if (config.getIoAdapter() !== adapter) {
      throw new Error(
        'another WebSocket adapter was installed over the one of GatewayLockModule, and its gateways would escape the lock: remove the call of useWebSocketAdapter()',
      );
    }
    await standInForListener(adapterHost, settings, () => this.#address);
    this.#locks = await acquire(() => claimLockSet(settings, furtherLocks), shutdown.signal);
    this.#refuseIfStopped();
    this.#serve(this.#locks);
    if (activation) await this.#standByInFleet(activation);
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
    return this.#parts.shutdown.begin(notice);
  }

  /** Frees the port, as the last step of the app's shutdown. Safe after a failed start, and when called twice. */
  async onApplicationShutdown(): Promise<void> {
    const { settings, state, server, deadline, activation } = this.#parts;
    if (activation) await activation.release();
    if (this.#locks && this.#runner.areListenersKept?.()) {
      // Half of the time that is left: a client that is slow to ask must not make the stop late.
      await this.stopAccepting(deadline.leftMs / 2);
    }
    // A listener that was handed in has to be closed even when the start failed before it took it.
    (this.#locks ?? settings.listener)?.close();
    server.destroyConnections();
    if (this.#locks && state.phase !== 'released') this.#logger.log(`stopped: ${this.#locks.listener.url} is free`);
    state.phase = 'released';
    deadline.end();
  }

  get #held(): LockSet {
    if (!this.#locks) throw new Error('the gateway lock is not held yet: it is from onApplicationBootstrap on');
    return this.#locks;
  }

  /** The first address, while the port is held. */
  get #address(): BoundAddress | undefined {
    return this.phase === 'released' ? undefined : this.#locks?.listener.addresses[0];
  }

  #serve(locks: LockSet): void {
    const { state, server, shutdown, settings, onHeld } = this.#parts;
    state.listensOn(locks.listener);
    const { version, profile } = settings.identity;
    const urls = locks.listener.addresses.map(({ url }) => url).join(', ');
    this.#logger.log(`gateway ${version} starting: profile ${profile}, pid ${process.pid}, holds ${urls}`);
    onHeld();
    locks.adopt(server, (late) => this.#noteLate(late));
    locks.whenLost((loss, isDerived) => {
      // The server that adopted a derived port may close it in a shutdown hook of its own.
      if (!isDerived || !shutdown.hasBegun) shutdown.beginForLoss(loss);
    });
  }

  /** The port is held and answers probes meanwhile, so that a host that waits for days is not taken for one that hangs. */
  async #standByInFleet(activation: Activation): Promise<void> {
    const { state, shutdown } = this.#parts;
    state.phase = 'standby';
    this.#runner.onStandby?.();
    await activation.activate(shutdown.signal, {
      onLost: (loss) => shutdown.beginForDeactivation(loss),
      onYield: (reason) => this.#yield(reason),
    });
    this.#refuseIfStopped();
    state.phase = 'starting';
  }

  #refuseIfStopped(): void {
    // The bind can succeed when the shutdown is over. Before that, the port stays held while modules stop behind it.
    if (this.phase === 'released') this.#locks?.close();
    this.#parts.state.refuseIfStopping();
  }

  #noteLate({ url, isTaken }: LateAddress): void {
    if (isTaken) this.#logger.log(`listening on ${url} too, which this machine did not have at the start`);
    else this.#logger.warn(`another process listens on ${url}, so clients that use it do not reach this gateway`);
  }

  /** A gateway that can starts anew, and stands by then. */
  #yield(reason: string): void {
    const { shutdown } = this.#parts;
    if (shutdown.hasBegun || this.#runner.restart?.(reason)) return;
    void shutdown.begin({ reason, restartExpectedMs: null });
  }
}
