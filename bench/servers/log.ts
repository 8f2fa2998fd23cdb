import { setInterval as every } from 'node:timers/promises';

import type { keepRotated } from '../../src/launcher/log-rotation.js';
import type { GatewayLogger } from '../../src/process/gateway-logger.js';
import type { LogMemory } from '../../src/process/log-memory.js';
import { answerCalls } from '../kit/child-calls.js';
import { builtUnbundled } from '../kit/built.js';
import { monotonicNow, processorTime } from './calls.js';

/** What writing a log has cost. Milliseconds. */
export interface LogCost {
  readonly processorMs: number;
  /** The longest that a timer was late. */
  readonly latestMs: number;
}

/** As long as lines are that name a client and what it did. */
const MESSAGE =
  'a client was refused: it showed a token that is not the one of this gateway, for the third time '.repeat(2);
const TICK_MS = 10;
const TICKS_PER_SECOND = 1_000 / TICK_MS;

// Its log is its stderr, which goes to a file. Argument: that file, where it is kept as a launched gateway keeps it.
const [, , file] = process.argv;
const write = file === undefined ? writeAsBare : await gatewayLog(file);
answerCalls({ log });

/** Writes so many lines a second for so long. */
async function log({ rate, seconds }: { rate: number; seconds: number }): Promise<LogCost> {
  const used = processorTime();
  let due = monotonicNow();
  let latestMs = 0;
  let ticks = seconds * TICKS_PER_SECOND;
  for await (const lines of every(TICK_MS, rate / TICKS_PER_SECOND)) {
    latestMs = Math.max(latestMs, monotonicNow() - due - TICK_MS);
    for (let line = 0; line < lines; line++) write(MESSAGE);
    due = monotonicNow();
    if (--ticks === 0) break;
  }
  return { processorMs: processorTime() - used, latestMs };
}

/** The same text in one line of JSON, and nothing more. */
function writeAsBare(message: string): void {
  const line = { time: new Date(), level: 'info', pid: process.pid, subsystem: 'gateway/access', message };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}

async function gatewayLog(file: string): Promise<(message: string) => void> {
  const rotation = (await import(builtUnbundled('launcher/log-rotation'))) as { keepRotated: typeof keepRotated };
  const memory = (await import(builtUnbundled('process/log-memory'))) as { LogMemory: typeof LogMemory };
  const log = (await import(builtUnbundled('process/gateway-logger'))) as { GatewayLogger: typeof GatewayLogger };
  rotation.keepRotated(file);
  const logger = new log.GatewayLogger(0, new memory.LogMemory());
  return (message) => logger.log(message, 'gateway/access');
}
