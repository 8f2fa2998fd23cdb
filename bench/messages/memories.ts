import { figureOf, ratioAtMost, type Figure, type Subject } from '../kit/figure.js';
import type { Options } from '../kit/options.js';
import type { Report } from '../kit/part.js';
import { BARE_WS, GATEWAY, settled, withParties, type Party, type ServerKind } from '../kit/party.js';
import { progress } from '../kit/progress.js';
import type { Memory } from '../servers/calls.js';

/** The first ones have code loaded and compiled, which is no cost of a connection. */
const WARM_UP_CLIENTS = 200;
/** At which the aim is known. */
const AIM_CLIENTS = 10_000;
const MOST = { resident: 1.2, heap: 1.15 } as const;
const KIB = 1_024;
/** Each begins with new processes, and takes as long as their clients do to come. */
const ROUNDS = 3;

/** What an idle client takes that has been let in and has asked something once, after garbage collection. */
export async function measureMemories({ clients }: Pick<Options, 'clients'>, report: Report): Promise<void> {
  for (const count of clients) {
    const memories = await sampleMemories(count, ROUNDS);
    for (const key of ['resident', 'heap'] as const) report.figure(memoryFigure(key, count, memories));
  }
}

/** The heap of an idle client, alone. */
export async function measureHeap(clients: number, rounds: number): Promise<Figure> {
  return memoryFigure('heap', clients, await sampleMemories(clients, rounds));
}

/** What {@link measureHeap} measures. */
export function heapOf(clients: number): Subject {
  return subjectOf('heap', clients);
}

interface Memories {
  readonly gateway: readonly Memory[];
  readonly bare: readonly Memory[];
}

async function sampleMemories(clients: number, rounds: number): Promise<Memories> {
  const gateway: Memory[] = [];
  const bare: Memory[] = [];
  for (let round = 1; round <= rounds; round++) {
    // Nothing here depends on how fast it goes.
    const [ours, theirs] = await Promise.all([memoryPerClient(GATEWAY, clients), memoryPerClient(BARE_WS, clients)]);
    gateway.push(ours);
    bare.push(theirs);
    progress(round, rounds, `memory of ${clients} clients`);
  }
  return { gateway, bare };
}

function memoryFigure(key: keyof Memory, clients: number, { gateway, bare }: Memories): Figure {
  const sizes = (memories: readonly Memory[]): number[] => memories.map((memory) => memory[key] / KIB);
  return figureOf(subjectOf(key, clients), sizes(gateway), sizes(bare));
}

function subjectOf(key: keyof Memory, clients: number): Subject {
  return {
    name: `${key} memory of an idle client, of ${clients.toLocaleString('en')}`,
    unit: 'KiB',
    beside: BARE_WS.name,
    ...(clients === AIM_CLIENTS && { aim: ratioAtMost(MOST[key]) }),
  };
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

/** Every server keeps a little more for a client that has sent something than for one that has not. */
async function askOnce(party: Party): Promise<void> {
  await party.run({ method: 'echo', window: 1, ms: 1 });
}
