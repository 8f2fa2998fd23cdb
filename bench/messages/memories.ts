import { figureOf, ratioAtMost } from '../kit/figure.js';
import type { Options } from '../kit/options.js';
import type { Report } from '../kit/part.js';
import { BARE_WS, GATEWAY, settled, withParties, type Party, type ServerKind } from '../kit/party.js';
import { progress } from '../kit/progress.js';
import type { Memory } from '../servers/calls.js';

/** The first ones have code loaded and compiled, which is no cost of a connection. */
const WARM_UP_CLIENTS = 200;
/** At which the aim is known. */
const AIM_CLIENTS = 10_000;
const KIB = 1_024;
/** Of processes that begin anew: each takes as long as its clients do to come. */
const ROUNDS = 3;

/** Of each idle client that has been let in and has asked something once, after garbage collection. */
export async function measureMemories({ clients }: Pick<Options, 'clients'>, report: Report): Promise<void> {
  for (const count of clients) {
    const gateway: Memory[] = [];
    const bare: Memory[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      // Nothing here depends on how fast it goes.
      const [ours, theirs] = await Promise.all([memoryPerClient(GATEWAY, count), memoryPerClient(BARE_WS, count)]);
      gateway.push(ours);
      bare.push(theirs);
      progress(round, ROUNDS, `memory of ${count} clients`);
    }
    const add = (key: keyof Memory, aim = {}): void =>
      report.figure(
        figureOf(
          {
            name: `${key} memory of an idle client, of ${count.toLocaleString('en')}`,
            unit: 'KiB',
            beside: BARE_WS.name,
            ...aim,
          },
          gateway.map((memory) => memory[key] / KIB),
          bare.map((memory) => memory[key] / KIB),
        ),
      );
    add('resident', count === AIM_CLIENTS ? { aim: ratioAtMost(1.2) } : {});
    add('heap');
  }
}

function memoryPerClient(kind: ServerKind, clients: number): Promise<Memory> {
  return withParties([kind], async ([party]) => {
    if (!party) throw new Error('there is no server');
    await party.clients.open(WARM_UP_CLIENTS);
    await askOnce(party);
    await settled(WARM_UP_CLIENTS);
    const before = await party.memory();
    await party.clients.open(clients);
    await askOnce(party);
    await settled(clients + WARM_UP_CLIENTS);
    const after = await party.memory();
    const perClient = (key: keyof Memory): number => (after[key] - before[key]) / clients;
    return { resident: perClient('resident'), heap: perClient('heap') };
  });
}

/** Of a client that has sent something, every server keeps a little more than of one that has not. */
async function askOnce(party: Party): Promise<void> {
  await party.run({ method: 'echo', window: 1, ms: 1 });
}
