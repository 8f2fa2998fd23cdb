import type { BoundAddress, ClaimedListener, ListenerLoss } from '../listener/claimed-listener.js';
import { DEFAULT_PORT, gatewayUrl } from '../listener/listen-address.js';
import type { GatewayLockService } from '../lock/gateway-lock.service.js';
import type { GatewayRunner } from '../lock/gateway-runner.js';
import type { DerivedPorts } from '../options/derived-ports.js';
import type { GatewayPhase } from '../serving/gateway-state.js';
import type { ShutdownNotice } from '../serving/ws-session.js';

type PublicMembers<T> = { readonly [Name in keyof T]: T[Name] };

/** What a fake lock says of itself. */
export interface FakeLockOptions {
  /**
   * The port that it pretends to hold.
   * @default 18789
   */
  readonly port?: number;
  /**
   * The derived ports that it pretends to hold, as in the option of the module.
   * @default {}
   */
  readonly derived?: DerivedPorts;
}

const HOST = '127.0.0.1';

/** A lock that holds nothing, and lets a test bring about what seldom happens. */
export interface FakeGatewayLock extends GatewayLockService {
  /**
   * Pretends that the listener was lost, upon which the gateway begins to stop.
   *
   * @param cause the error of a listener that failed; none where it was closed
   */
  lose(cause?: Error): void;
  /** Pretends that the shutdown of the app outlasts its deadline, in the hook of this name. */
  overrun(hook: string): void;
}

/**
 * Makes a lock that holds nothing, for unit tests. It is ready from the start, and `beginShutdown()` ends it.
 *
 * @example
 * ```ts
 * const lock = fakeGatewayLock();
 * const testing = await Test.createTestingModule({
 *   providers: [Backups, { provide: GatewayLockService, useValue: lock }],
 * }).compile();
 * await lock.beginShutdown();
 * ```
 */
export function fakeGatewayLock(options: FakeLockOptions = {}): FakeGatewayLock {
  // The class of the real one has private members, which its type asks for.
  return new FakeLock(options) as PublicMembers<FakeGatewayLock> as FakeGatewayLock;
}

class FakeLock implements PublicMembers<FakeGatewayLock> {
  readonly addresses: readonly BoundAddress[];
  readonly lost: Promise<ListenerLoss>;
  readonly overdue: Promise<string>;
  readonly stopping: Promise<ShutdownNotice>;
  readonly descriptors = [];
  runner: GatewayRunner = {};

  readonly #derived: ReadonlyMap<string, ClaimedListener>;
  #phase: GatewayPhase = 'ready';
  #reportLoss!: (loss: ListenerLoss) => void;
  #reportOverrun!: (hook: string) => void;
  #reportStop!: (notice: ShutdownNotice) => void;

  constructor({ port = DEFAULT_PORT, derived = {} }: FakeLockOptions) {
    this.addresses = [addressOf(port)];
    this.#derived = new Map(Object.entries(derived).map(([name, offset]) => [name, fakeListener(port + offset)]));
    this.lost = new Promise((resolve) => (this.#reportLoss = resolve));
    this.overdue = new Promise((resolve) => (this.#reportOverrun = resolve));
    this.stopping = new Promise((resolve) => (this.#reportStop = resolve));
  }

  get url(): string {
    return gatewayUrl(HOST, this.addresses[0]?.port ?? 0);
  }

  get phase(): GatewayPhase {
    return this.#phase;
  }

  runBy(runner: GatewayRunner): void {
    this.runner = runner;
  }

  stopAccepting(): Promise<void> {
    return Promise.resolve();
  }

  derived(name: string): ClaimedListener {
    const listener = this.#derived.get(name);
    if (!listener) throw new Error(`there is no derived port ${JSON.stringify(name)}: give it to fakeGatewayLock()`);
    return listener;
  }

  beginShutdown(notice: ShutdownNotice = { reason: 'the test stopped it', restartExpectedMs: null }): Promise<void> {
    this.#phase = 'draining';
    this.#reportStop(notice);
    return Promise.resolve();
  }

  onApplicationBootstrap(): Promise<void> {
    return Promise.resolve();
  }

  onApplicationShutdown(): Promise<void> {
    this.#phase = 'released';
    return Promise.resolve();
  }

  lose(cause?: Error): void {
    this.#reportLoss({ url: this.url, ...(cause && { cause }) });
    void this.beginShutdown({ reason: 'the gateway lost its listener', restartExpectedMs: null });
  }

  overrun(hook: string): void {
    this.#reportOverrun(hook);
  }
}

function addressOf(port: number): BoundAddress {
  return { host: HOST, port, family: 4, url: gatewayUrl(HOST, port) };
}

function fakeListener(port: number): ClaimedListener {
  const address = addressOf(port);
  const members: PublicMembers<ClaimedListener> = {
    addresses: [address],
    lost: new Promise(() => undefined),
    url: address.url,
    port,
    descriptors: [],
    adopt: () => undefined,
    completeLater: () => undefined,
    add: () => undefined,
    lacks: () => undefined,
    close: () => undefined,
  };
  return members as ClaimedListener;
}
