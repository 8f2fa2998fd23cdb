import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { freePort } from '../test/kit/net.js';
import { Starters } from '../test/kit/starters.js';

const USAGE_EXIT_CODE = 64;
const DEFAULT_ROUNDS = 10_000;
const BAR_WIDTH = 40;
const PLAIN_LINES = 10;

interface Flags {
  readonly rounds: number;
  readonly retry: boolean;
}

function readFlags(): Flags {
  const { values } = parseArgs({
    options: { rounds: { type: 'string' }, 'no-retry': { type: 'boolean', default: false } },
  });
  const { rounds = String(DEFAULT_ROUNDS) } = values;
  if (!/^[1-9][0-9]{0,8}$/.test(rounds)) {
    throw new TypeError(`--rounds: ${JSON.stringify(rounds)} is not a number of rounds; give 1 to 999999999`);
  }
  return { rounds: Number(rounds), retry: !values['no-retry'] };
}

/** A bar on a terminal; elsewhere a line now and then, so that a log stays readable. */
function progress(done: number, rounds: number): void {
  const bar = process.stderr.isTTY;
  const step = Math.max(1, Math.floor(rounds / (bar ? 1_000 : PLAIN_LINES)));
  if (done % step !== 0 && done !== rounds) return;
  const filled = Math.floor((done / rounds) * BAR_WIDTH);
  const text = `${done} of ${rounds} rounds`;
  if (bar) process.stderr.write(`\r[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${text}`);
  if (!bar || done === rounds) process.stderr.write(bar ? '\n' : `${text}\n`);
}

/** How many rounds had no winner, one and two. */
async function race({ rounds, retry }: Flags): Promise<[number, number, number]> {
  const counts: [number, number, number] = [0, 0, 0];
  const starters = await Starters.launch(fileURLToPath(new URL('../fixtures/starter.js', import.meta.url)), 2);
  try {
    const port = await freePort();
    for (let round = 1; round <= rounds; round++) {
      const { wins } = await starters.race(port, { bare: !retry });
      counts[wins as 0 | 1 | 2]++;
      progress(round, rounds);
    }
  } finally {
    await starters.end();
  }
  return counts;
}

async function main(flags: Flags): Promise<void> {
  const begun = performance.now();
  const [none, one, two] = await race(flags);
  const seconds = ((performance.now() - begun) / 1_000).toFixed(0);
  const way = flags.retry ? 'the lock' : 'one bare listen each, no retry';
  process.stdout.write(
    [
      `two simultaneous starters, ${way}: ${flags.rounds} rounds in ${seconds} s`,
      `  0 winners: ${none}`,
      `  1 winner:  ${one}`,
      `  2 winners: ${two}`,
      `Node ${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} processors`,
      '',
    ].join('\n'),
  );
  // Without the retry rounds with no winner are what is to be seen; with it, one would break the promise.
  if (two > 0 || (flags.retry && none > 0)) process.exitCode = 1;
}

let flags: Flags | undefined;
try {
  flags = readFlags();
} catch (error) {
  // The parser follows some of its messages with advice.
  const [line] = (error as Error).message.split('\n');
  process.stderr.write(`${line}\n`);
  process.exitCode = USAGE_EXIT_CODE;
}
if (flags) await main(flags);
