import { complain } from '../process/print.js';
import type { Flags } from './flags.js';

const PATIENCE_MS = 1_000;

/** Says at a terminal what a command waits for, where that takes longer than a second. */
export async function whileWaiting<T>(
  what: string,
  work: Promise<T>,
  { json = false }: Pick<Flags, 'json'>,
  isTerminal: boolean = process.stderr.isTTY,
): Promise<T> {
  if (json || !isTerminal) return work;
  const timer = setTimeout(() => complain(`${what} …`), PATIENCE_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
