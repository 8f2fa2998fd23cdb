import { cleanUp } from '../../test/kit/cleaner.js';
import { freePort } from '../../test/kit/ports.js';
import { NO_USER_MANAGER, UserManager } from '../../test/kit/user-manager.js';
import { Distribution } from '../kit/distribution.js';
import type { Part } from '../kit/part.js';
import { progress } from '../kit/progress.js';
import { CHANGES, CONTENDERS, type Change, type Contender } from '../restart/contenders.js';
import { Guests } from '../restart/guests.js';
import { Visitors } from '../restart/visitors.js';

const CLIENTS = 8;

export const restart: Part<'rounds'> = {
  name: 'restart',
  about: 'what clients see when a service of systemd crashes, is restarted, or hands over to a new process',
  kind: 'aside',
  defaults: { rounds: '20' },
  run: async ({ rounds }, report) => {
    if (NO_USER_MANAGER !== '') {
      report.fault(`nothing was measured${NO_USER_MANAGER}`);
      return;
    }
    const rows: string[][] = [];
    for (const change of CHANGES) {
      for (const contender of CONTENDERS.filter(({ name }) => change.by.includes(name))) {
        const times = Math.max(1, Math.round(rounds * change.share));
        const row = await measure(change, contender, times);
        rows.push([change.name, String(times), contender.name, ...row.cells]);
        if (contender.name === 'gateway' && row.refused > 0) report.fault(`${change.name}: ${row.refused} refused`);
      }
    }
    report.table({
      title: `${CLIENTS} clients with one request for each connection, and ${CLIENTS} with a WebSocket`,
      columns: [
        'what',
        'times',
        'server',
        'answered',
        'refused',
        'cut off',
        'p50 ms',
        'p99 ms',
        'away p50 ms',
        'away p99 ms',
        'close codes',
      ],
      rows,
    });
    report.note(
      'Away is a WebSocket client from the end of one connection until it is let in again; it tries every 5 ms.',
    );
  },
};

async function measure(
  change: Change,
  contender: Contender,
  times: number,
): Promise<{ readonly cells: readonly string[]; readonly refused: number }> {
  try {
    const manager = await UserManager.start();
    const port = await freePort();
    const token = await contender.start(manager, port);
    const visitors = new Visitors(port, CLIENTS);
    const guests = new Guests(`ws://127.0.0.1:${port}`, CLIENTS, token);
    for (let done = 1; done <= times; done++) {
      await change.once(manager);
      progress(done, times, `${contender.name}, ${change.name}`);
    }
    const { answeredMs, refused, cutOff } = await visitors.leave();
    const { awayMs, codes } = await guests.leave();
    const [visit, away] = [new Distribution(answeredMs), new Distribution(awayMs)];
    const shown = (value: number): string => value.toFixed(1);
    const cells = [
      ...[answeredMs.length, refused, cutOff].map(String),
      ...[visit.median, visit.quantile(0.99), away.median, away.quantile(0.99)].map(shown),
      [...codes].map(([code, count]) => `${code} ×${count}`).join(', '),
    ];
    return { cells, refused };
  } finally {
    await cleanUp();
  }
}
