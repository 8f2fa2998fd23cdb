import { setImmediate as nextTurn } from 'node:timers/promises';

import { answerCalls } from '../kit/child-calls.js';

/** In bytes. */
export interface Memory {
  readonly resident: number;
  readonly heap: number;
}

/** One event to all clients. In milliseconds. */
export interface Publication {
  /** On the clock of {@link monotonicNow}. */
  readonly begunAt: number;
  /** Until the server has handed everything over to the operating system, as far as that takes it. */
  readonly busyMs: number;
}

/** After one collection some is still held by what that one has found out. */
const COLLECTIONS = 4;

/** What is measured inside a server. `publish` sends a payload of text to all clients. */
export function answerAsServer(port: number, publish: (text: string) => void = () => undefined): void {
  answerCalls({
    port: () => port,
    /** Milliseconds. */
    processorTime: () => processorTime(),
    memory,
    publish: async (text: string): Promise<Publication> => {
      const begunAt = monotonicNow();
      publish(text);
      await nextTurn();
      return { begunAt, busyMs: monotonicNow() - begunAt };
    },
  });
}

/** What this process has used, in milliseconds. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** The time on a clock that all processes of this machine share, in milliseconds. */
export function monotonicNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export async function memory(): Promise<Memory> {
  for (let done = 0; done < COLLECTIONS; done++) {
    globalThis.gc?.();
    await nextTurn();
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { resident: rss, heap: heapUsed };
}
