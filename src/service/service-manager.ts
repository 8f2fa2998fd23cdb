import { within } from '../common/deadline.js';
import { isWholeNumber } from '../common/whole-number.js';
import type { ClaimOptions } from '../listener/claim-listener.js';
import type { ClaimedListener } from '../listener/claimed-listener.js';
import {
  inheritListener,
  isBoundHere,
  notifyDescriptor,
  STORED_LISTENER,
  takeDescriptors,
  type InheritedDescriptor,
} from '../listener/inherited-listeners.js';
import { openTransport } from './notify-transport.js';
import type { NotifyTransport } from './transport.js';

/** How long a start or a stop may still take, each time that the manager is told of it. */
const EXTENSION_USEC = 15_000_000;
/** How long a manager is given to read what it was sent, in milliseconds. */
const BARRIER_MS = 5_000;

/**
 * The service manager that has started this process: what it has passed, and what it is told (sd_notify(3)). Messages go
 * out in order. None of the methods throws or rejects: a manager that cannot be told is no reason to stop serving.
 */
export class ServiceManager {
  /** How long the manager waits for a sign of life, in milliseconds; `undefined` where it does not wait for any. */
  readonly watchdogMs: number | undefined;
  /** Whether another process goes on as the service when this one ends. */
  isHandingOver = false;

  readonly #descriptors: readonly InheritedDescriptor[];
  readonly #complain: (line: string) => void;
  #address: string | undefined;
  #transport: Promise<NotifyTransport> | undefined;
  #last: Promise<void> = Promise.resolve();
  /** Whether the next process will ask for the listeners that are kept, as this one has. */
  #hasInherited = false;
  #status: string | undefined;

  /**
   * Reads the environment, and takes away what is meant for this process alone: a child that had it could speak for the
   * gateway.
   *
   * @param complain gets one line where the manager is there and cannot be told
   * @throws {InputError} LISTEN_FDS is not a number
   */
  constructor(environment: NodeJS.ProcessEnv, complain: (line: string) => void) {
    const { NOTIFY_SOCKET: address, WATCHDOG_USEC: watchdog, WATCHDOG_PID: watched } = environment;
    for (const variable of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID', 'FDSTORE']) {
      Reflect.deleteProperty(environment, variable);
    }
    this.#complain = complain;
    this.#descriptors = takeDescriptors(environment);
    const isWatched = address !== undefined && (watched === undefined || watched === String(process.pid));
    this.watchdogMs = isWatched && isWholeNumber(Number(watchdog), 1) ? Number(watchdog) / 1_000 : undefined;
    this.#address = address === '' ? undefined : address;
  }

  /** Whether a manager waits to be told. */
  get isThere(): boolean {
    return this.#address !== undefined;
  }

  /** Whether the manager has the listeners too, and passes them to the next process. */
  get keepsListeners(): boolean {
    return this.#hasInherited && (this.isThere || !isBoundHere(this.#descriptors));
  }

  /** Clients are served. */
  ready(status: string): void {
    this.#send(`READY=1\n${this.#statusLine(status)}`);
  }

  /** The process has begun to stop. */
  stopping(status: string): void {
    this.#send(`STOPPING=1\n${this.#statusLine(status)}`);
  }

  /** A line for people, in `systemctl status`; sent where it is another than before. */
  status(text: string): void {
    if (text !== this.#status) this.#send(this.#statusLine(text));
  }

  /** A start or a stop that is under way goes on, and needs more time. */
  extend(): void {
    this.#send(`EXTEND_TIMEOUT_USEC=${EXTENSION_USEC}`);
  }

  /** A sign of life. */
  alive(): void {
    this.#send('WATCHDOG=1');
  }

  /**
   * The listeners that the manager has passed, for a gateway with these settings. From then on it is asked to keep those
   * that the gateway binds by itself; those of a `.socket` unit it keeps anyway.
   *
   * @param descriptors what a gateway has passed that hands over to this one
   * @default what the manager has passed
   * @returns `undefined` where there are none, and the gateway has to bind
   * @throws {InputError} a `.socket` unit listens elsewhere
   */
  async inherit(
    settings: ClaimOptions,
    descriptors: readonly InheritedDescriptor[] = this.#descriptors,
  ): Promise<ClaimedListener | undefined> {
    const { listener, isStoreStale } = await inheritListener(descriptors, settings);
    this.#hasInherited = true;
    if (isStoreStale) await this.#forget();
    return listener;
  }

  /** Has the manager take another process for the service. From then on only that process may tell the manager something. */
  handTo(pid: number): void {
    this.#send(`MAINPID=${pid}`);
  }

  /** What a successor needs, to tell the same manager. */
  get environment(): NodeJS.ProcessEnv {
    return {
      ...(this.#address !== undefined && { NOTIFY_SOCKET: this.#address }),
      ...(this.watchdogMs !== undefined && { WATCHDOG_USEC: String(this.watchdogMs * 1_000) }),
    };
  }

  /**
   * Has the manager keep copies of the listeners, and pass them to the process that it starts after this one. Nothing
   * happens where `inherit` was not called: that next process would not ask for them, and could not bind beside them.
   */
  store(descriptors: readonly number[]): void {
    if (!this.#hasInherited || !isBoundHere(this.#descriptors)) return;
    this.#send(`FDSTORE=1\nFDNAME=${STORED_LISTENER}`, descriptors);
  }

  /** Resolves when the manager has let go of the listeners that it keeps, so that they can be bound. */
  async #forget(): Promise<void> {
    this.#send(`FDSTOREREMOVE=1\nFDNAME=${STORED_LISTENER}`);
    await this.read();
  }

  /** Resolves when the manager has read all that it was told until now, or does not within 5 seconds. */
  async read(): Promise<void> {
    this.#enqueue(async (transport) => {
      if (transport.barrier) await within(transport.barrier(), BARRIER_MS);
    });
    await this.#last;
  }

  #statusLine(status: string): string {
    this.#status = status;
    return `STATUS=${status.replaceAll('\n', ' ')}`;
  }

  #send(message: string, descriptors: readonly number[] = []): void {
    this.#enqueue(async (transport) => {
      if (descriptors.length === 0 || transport.passesDescriptors) await transport.send(message, descriptors);
    });
  }

  /** The way to the manager is opened for the first message: the port is bound by then. */
  #enqueue(task: (transport: NotifyTransport) => Promise<void>): void {
    const address = this.#address;
    if (address === undefined) return;
    this.#last = this.#last.then(async () => {
      try {
        this.#transport ??= this.#open(address);
        await task(await this.#transport);
      } catch (error) {
        this.#giveUp(error);
      }
    });
  }

  async #open(address: string): Promise<NotifyTransport> {
    const transport = await openTransport(address, notifyDescriptor(this.#descriptors));
    if (transport.caveat !== undefined) {
      this.#complain(
        `the service manager is told through systemd-notify, which its unit has to allow with NotifyAccess=all: install the optional package koffi (${transport.caveat})`,
      );
    }
    return transport;
  }

  /** Said once: what follows would fail in the same way. */
  #giveUp(error: unknown): void {
    if (this.#address === undefined) return;
    this.#address = undefined;
    this.#complain(
      `the service manager that started this gateway cannot be told of it (${(error as Error).message}); install the optional package koffi, or set Type=simple in its unit`,
    );
  }
}
