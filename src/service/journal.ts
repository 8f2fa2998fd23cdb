import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { ServiceError } from './service.error.js';

export interface JournalOptions {
  /** How many lines from the end; all of them where it is missing. */
  readonly lines?: number | undefined;
  /** Whether to go on with what is written from now on, until the signal is aborted. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/**
 * Yields what a service of this user has written to the journal, as it was written (journalctl(1)).
 *
 * @throws {ServiceError} the journal cannot be read
 */
export async function* readJournal(
  unit: string,
  { lines, follow, signal }: JournalOptions,
): AsyncGenerator<Buffer, void> {
  const args = ['--user', `--unit=${unit}`, '--output=cat', '--no-pager', '--quiet', `--lines=${lines ?? 'all'}`];
  const child = spawn('journalctl', [...args, ...(follow ? ['--follow'] : [])], {
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close') as Promise<[code: number | null]>;
  // A program that is not there fails before it is waited for.
  ended.catch(() => undefined);
  const end = (): boolean => child.kill();
  signal.addEventListener('abort', end);
  try {
    for await (const bytes of child.stdout) yield bytes as Buffer;
    const [code] = await ended;
    if (code !== 0 && !signal.aborted) {
      throw new ServiceError('failed', `the journal cannot be read: journalctl has ended with ${String(code)}`);
    }
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw new ServiceError('not there', `journalctl cannot be run (${(error as NodeJS.ErrnoException).code ?? ''})`);
  } finally {
    signal.removeEventListener('abort', end);
    child.kill();
  }
}
