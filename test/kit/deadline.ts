import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 1;

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
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`waited ${ms} ms for ${what}`);
    await delay(POLL_MS);
  }
}
