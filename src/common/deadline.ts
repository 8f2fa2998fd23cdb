/**
 * The value of a promise, or `undefined` when it takes longer than `ms` milliseconds. Rejects when the promise does. The
 * timer is gone when it settles, so that it keeps no process alive.
 */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
