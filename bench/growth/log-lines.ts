import { join } from 'node:path';

import { builtScript } from '../kit/built.js';
import { Child, temporaryHome } from '../kit/child.js';
import { Distribution } from '../kit/distribution.js';
import { format } from '../kit/figure.js';
import type { Report } from '../kit/part.js';
import { progress } from '../kit/progress.js';
import type { LogCost } from '../servers/log.js';
import type { Cost } from './growth-table.js';

/** How many lines a second. */
export const LOG_RATES = [100, 1_000, 10_000] as const;

/** What a line of the log costs a gateway, which keeps its last lines and rotates the file, and a process that only writes. */
export async function logCosts(rounds: number, seconds: number, report: Report): Promise<Cost> {
  const costs = { gateway: [] as number[], bare: [] as number[] };
  const latest: string[] = [];
  const home = temporaryHome();
  let logs = 0;
  const newLog = (): string => join(home, `${++logs}.log`);
  for (const rate of LOG_RATES) {
    const samples: { gateway: LogCost; bare: LogCost }[] = [];
    for (let round = 1; round <= rounds; round++) {
      const gateway = await costOf('gateway', newLog(), rate, seconds);
      const bare = await costOf('bare', newLog(), rate, seconds);
      samples.push({ gateway, bare });
      progress(round, rounds, `growth, ${rate} lines of log a second`);
    }
    for (const who of ['gateway', 'bare'] as const) {
      const ms = new Distribution(samples.map((sample) => sample[who].processorMs)).median;
      costs[who].push((ms * 1_000) / (rate * seconds));
    }
    const most = (who: 'gateway' | 'bare'): string =>
      `${format(Math.max(...samples.map((sample) => sample[who].latestMs)))} ms`;
    latest.push(`at ${rate.toLocaleString('en')} ${most('gateway')}, bare ${most('bare')}`);
  }
  report.note(`By how much a timer was late at most, with so many lines of log a second: ${latest.join('; ')}.`);
  return { name: 'processor time', unit: 'µs', ...costs };
}

async function costOf(who: 'gateway' | 'bare', file: string, rate: number, seconds: number): Promise<LogCost> {
  const args = [process.execPath, builtScript('servers/log'), ...(who === 'gateway' ? [file] : [])];
  // Appended to, as a launcher opens it, so that it can be truncated.
  const child = new Child(['-c', `exec "$@" 2>>"$LOG"`, 'sh', ...args], {
    node: 'sh',
    answersCalls: true,
    env: { LOG: file },
  });
  try {
    return await child.call<LogCost>('log', { rate, seconds });
  } finally {
    await child.kill();
  }
}
