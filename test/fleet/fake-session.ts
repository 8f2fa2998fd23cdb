import { FleetSession, type Waited } from '../../src/fleet/fleet-session.js';
import type { PredecessorFacts } from '../../src/fleet/lease.js';
import { onCleanUp } from '../kit/cleaner.js';
import { Gate } from '../kit/gate.js';

/** What a database would say, for tests in which there is none. */
export class FakeSession {
  /** Whether the lock is free. */
  isFree = true;
  facts: PredecessorFacts = {
    isKnown: false,
    isReleased: false,
    isSameTimeline: false,
    isSameRun: false,
    isFirstTimeline: true,
  };
  holder: Awaited<ReturnType<FleetSession['readHolder']>>;
  readonly asked: string[] = [];
  readonly released = new Gate();
  #end: (reason: string) => void = () => undefined;
  /** Resolves what a gateway waits for in the queue. */
  readonly granted = new Gate();
  /** What heartbeats wait for. */
  answers: Promise<unknown> = Promise.resolve();
  confirms: Promise<unknown> = Promise.resolve();
  readonly ended = new Promise<string>((resolve) => (this.#end = resolve));

  /** The host that an operator wants to be active, by which this one is asked to stop. */
  wanted: string | undefined;
  isNextInLine = true;
  #onAsked: () => void = () => undefined;

  /** As where an operator asks the holder to stop. */
  askFor(wanted: string | undefined): void {
    this.wanted = wanted;
    this.#onAsked();
  }

  onAsked(callback: () => void): void {
    this.#onAsked = callback;
  }

  readWanted(): Promise<string | undefined> {
    return Promise.resolve(this.wanted);
  }

  isNext(): Promise<boolean> {
    return Promise.resolve(this.isNextInLine);
  }

  unlock(): Promise<void> {
    this.asked.push('unlock');
    return Promise.resolve();
  }

  askToYield(host: string): Promise<void> {
    this.asked.push(`askToYield ${host}`);
    return Promise.resolve();
  }

  endHolder(): Promise<void> {
    this.asked.push('endHolder');
    return Promise.resolve();
  }

  /** Ends as where the server closes the connection. */
  end(reason: string): void {
    this.#end(reason);
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  tryLock(): Promise<boolean> {
    this.asked.push('tryLock');
    return Promise.resolve(this.isFree);
  }

  /** What the next waits in the queue come to; after them, `granted` decides. */
  readonly slices: boolean[] = [];

  async wait(): Promise<Waited> {
    this.asked.push('wait');
    const isGranted = this.slices.shift();
    if (isGranted === undefined) await this.granted.opened;
    return { isGranted: isGranted ?? true, token: this.holder?.token ?? 0n };
  }

  readHolder(): Promise<FakeSession['holder']> {
    return Promise.resolve(this.holder);
  }

  claim(): Promise<PredecessorFacts & { readonly token: bigint }> {
    this.asked.push('claim');
    return Promise.resolve({ ...this.facts, token: 7n });
  }

  async confirm(): Promise<void> {
    this.asked.push('confirm');
    await this.confirms;
  }

  async heartbeat(): Promise<void> {
    this.asked.push('heartbeat');
    await this.answers;
  }

  release(): Promise<void> {
    this.asked.push('release');
    this.released.open();
    return Promise.resolve();
  }

  destroy(): void {
    this.asked.push('destroy');
  }
}

/** Every connection of this test is to such a session. */
export function fakeDatabase(...sessions: (FakeSession | Error)[]): jest.SpyInstance {
  const [last] = sessions.slice(-1);
  const open = jest.spyOn(FleetSession, 'open').mockImplementation(() => {
    const next = sessions.shift() ?? last;
    if (next instanceof Error) return Promise.reject(next);
    return Promise.resolve(next as unknown as FleetSession);
  });
  onCleanUp(() => open.mockRestore());
  return open;
}
