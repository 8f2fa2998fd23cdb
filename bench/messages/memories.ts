import { figure } from '../kit/rounds.js';
import { Table } from '../kit/table.js';
import type { Memory } from '../servers/calls.js';
import { SERVERS, settled, withParties, type Party, type ServerKind } from './contender.js';
import type { Part } from './part.js';

/** In bytes; the ratios are to the bare server. */
export interface MemoryUse {
  readonly clients: number;
  readonly server: string;
  readonly idle: Memory;
  readonly perClient: Memory;
  readonly ratio: { readonly idle: Memory; readonly perClient: Memory };
}

type Measured = Pick<MemoryUse, 'server' | 'idle' | 'perClient'>;

/** The first ones have code loaded and compiled, which is no cost of a connection. */
const WARM_UP_CLIENTS = 200;
const MIB = 1_048_576;
const KIB = 1_024;

export const memories: Part<MemoryUse> = {
  name: 'memory',
  headline: [
    'Memory of an idle server process in MiB, and of each idle client that has been let in and has asked something once,',
    `in KiB; after garbage collection, one process each. The first ${WARM_UP_CLIENTS} clients are not counted. Resident: as the`,
    'operating system sees it.',
  ].join('\n'),
  table: new Table({
    clients: 0,
    server: 15,
    'idle, resident': 0,
    ratio: 0,
    'idle, heap': 0,
    'ratio of it': 0,
    'client, resident': 0,
    'its ratio': 0,
    'client, heap': 0,
    'ratio in heap': 0,
  }),
  measure: async ({ clients }, report) => {
    for (const count of clients) report(await measureAt(count));
  },
  cells: ({ clients, server, idle, perClient, ratio }) => [
    String(clients),
    server,
    figure(idle.resident / MIB, 1),
    ratio.idle.resident.toFixed(2),
    figure(idle.heap / MIB, 1),
    ratio.idle.heap.toFixed(2),
    figure(perClient.resident / KIB, 2),
    ratio.perClient.resident.toFixed(2),
    figure(perClient.heap / KIB, 2),
    ratio.perClient.heap.toFixed(2),
  ],
};

async function measureAt(clients: number): Promise<MemoryUse[]> {
  // Nothing here depends on how fast it goes.
  const measured = await Promise.all(SERVERS.map((kind) => measure(kind, clients)));
  const [bare] = measured;
  return measured.map(({ server, idle, perClient }) => ({
    clients,
    server,
    idle,
    perClient,
    ratio: { idle: by(idle, bare?.idle), perClient: by(perClient, bare?.perClient) },
  }));
}

function measure(kind: ServerKind, clients: number): Promise<Measured> {
  return withParties([kind], async (parties) => {
    const [party] = parties;
    if (!party) throw new Error('there is no server');
    const idle = await party.memory();
    await party.open(WARM_UP_CLIENTS);
    await askOnce(party);
    await settled(WARM_UP_CLIENTS);
    const before = await party.memory();
    await party.open(clients);
    await askOnce(party);
    await settled(clients + WARM_UP_CLIENTS);
    const after = await party.memory();
    process.stderr.write(`memory of ${kind.name} with ${clients} clients\n`);
    const perClient = (key: keyof Memory): number => (after[key] - before[key]) / clients;
    return { server: kind.name, idle, perClient: { resident: perClient('resident'), heap: perClient('heap') } };
  });
}

/** Of a client that has sent something, every server keeps a little more than of one that has not. */
async function askOnce(party: Party): Promise<void> {
  await party.run({ method: 'echo', window: 1, ms: 1 });
}

function by(memory: Memory, other: Memory | undefined): Memory {
  return { resident: memory.resident / (other?.resident ?? NaN), heap: memory.heap / (other?.heap ?? NaN) };
}
