import { freePort } from '../../test/kit/ports.js';
import { Starters } from '../../test/kit/starters.js';
import { builtFixture } from '../kit/built.js';
import type { Part } from '../kit/part.js';
import { progress } from '../kit/progress.js';

/** How many rounds had no winner, one and two. */
type Wins = [none: number, one: number, two: number];

export const race: Part<'rounds'> = {
  name: 'race',
  about: 'two simultaneous starters, and that exactly one wins, beside one bare listen() each',
  kind: 'aside',
  defaults: { rounds: '10000' },
  run: async ({ rounds }, report) => {
    const { lock, bare } = await runRounds(rounds);
    const row = (name: string, wins: Wins): string[] => [name, ...wins.map((count) => count.toLocaleString('en'))];
    report.table({
      title: `${rounds.toLocaleString('en')} rounds of two simultaneous starters, of each in turn.`,
      columns: ['', 'no winner', 'one winner', 'two winners'],
      rows: [row('the lock', lock), row('one bare listen() each', bare)],
    });
    const [none, , two] = lock;
    if (none > 0 || two > 0) report.fault(`the lock had ${none} rounds without a winner, and ${two} with two`);
  },
};

async function runRounds(rounds: number): Promise<{ lock: Wins; bare: Wins }> {
  const lock: Wins = [0, 0, 0];
  const bare: Wins = [0, 0, 0];
  const starters = await Starters.launch(builtFixture('starter'), 2);
  try {
    const port = await freePort();
    for (let round = 1; round <= rounds; round++) {
      lock[(await starters.race(port)).wins as 0 | 1 | 2]++;
      bare[(await starters.race(port, { bare: true })).wins as 0 | 1 | 2]++;
      progress(round, rounds, 'two simultaneous starters');
    }
  } finally {
    await starters.end();
  }
  return { lock, bare };
}
