import { setTimeout as delay } from 'node:timers/promises';

const LEAST_PAUSE_MS = 1;
const MOST_PAUSE_MS = 100;
/** A look may take a process or a browser: most of the processor is for what is waited for. */
const PAUSE_PER_LOOK = 3;

/** Rejects with what was waited for when it takes too long; a test waits for events, and never for ever. */
export async function within<T>(ms: number, what: string, event: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms);
  });
  try {
    return await Promise.race([event, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The same, for what no event tells of: asks again and again. */
export async function until(ms: number, what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + ms;
  for (;;) {
    const begun = performance.now();
    if (await isSo()) return;
    const ended = performance.now();
    if (ended > deadline) throw new Error(`waited ${ms} ms for ${what}`);
    await delay(Math.min(Math.max(PAUSE_PER_LOOK * (ended - begun), LEAST_PAUSE_MS), MOST_PAUSE_MS));
  }
}
