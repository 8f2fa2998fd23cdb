import { asFarAsPossible } from '../kit/options.js';
import type { Part } from '../kit/part.js';
import { connectionCosts } from '../growth/connections.js';
import { growthTable } from '../growth/growth-table.js';
import { LOG_RATES, logCosts } from '../growth/log-lines.js';
import { profileCosts } from '../growth/profiles.js';
import { verdictTable } from '../growth/verdicts.js';

export const growth: Part<'connections' | 'profiles' | 'rounds' | 'seconds'> = {
  name: 'growth',
  about: 'how costs grow with the connections and log lines of a gateway, and with what else is on the host',
  kind: 'aside',
  defaults: {
    connections: asFarAsPossible([10, 100, 1_000, 10_000, 16_000]),
    profiles: '1,10,25,50',
    rounds: '3',
    seconds: '10',
  },
  run: async ({ connections, profiles, rounds, seconds }, report) => {
    report.table(await verdictTable(rounds));
    report.table(
      growthTable(
        'of one connection, with so many of them',
        connections,
        await connectionCosts(connections, rounds, seconds),
      ),
    );
    report.table(
      growthTable('of one line of the log, with so many of them a second', LOG_RATES, [
        await logCosts(rounds, seconds, report),
      ]),
    );
    report.table(
      growthTable('of one gateway, with so many of them on this host', profiles, await profileCosts(profiles, report)),
    );
  },
};
