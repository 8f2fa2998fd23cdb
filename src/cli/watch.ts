import { setTimeout as delay } from 'node:timers/promises';

import { ExitCode } from '../process/exit-code.js';
import { StopSignals } from '../process/stop-signals.js';
import type { Flags } from './flags.js';

const PERIOD_MS = 2_000;
/** The cursor to the top left, and the screen empty (ECMA-48, 8.3.21 and 8.3.39). */
const CLEAR = '\u001b[H\u001b[2J';

/**
 * Looks again and again, until the operator stops it or the reader of its output is gone.
 *
 * @param look prints what it sees
 * @returns the exit code
 */
export async function watch(
  look: () => Promise<unknown>,
  { json = false }: Pick<Flags, 'json'>,
  periodMs = PERIOD_MS,
): Promise<number> {
  const readerGone = new Promise<void>((resolve) => process.stdout.once('error', () => resolve()));
  const ended = Promise.race([new StopSignals().first, readerGone]).then(() => true);
  const isScreen = process.stdout.isTTY && !json;
  let isFirst = true;
  do {
    if (isScreen) process.stdout.write(CLEAR);
    else if (!isFirst && !json) process.stdout.write('\n');
    isFirst = false;
    await look();
  } while (!(await Promise.race([ended, delay(periodMs, false)])));
  return ExitCode.OK;
}
