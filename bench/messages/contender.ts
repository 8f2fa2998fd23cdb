import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { Child } from '../kit/child.js';
import type { DialectName } from '../load/dialects.js';
import { TOKEN } from '../load/dialects.js';
import type { Run, RunOptions } from '../load/generator.js';
import type { Memory, Publication } from '../servers/calls.js';

/** A server under measurement. */
export interface ServerKind {
  readonly name: string;
  readonly script: string;
  readonly dialect: DialectName;
  readonly args: readonly string[];
}

export const BARE_WS: ServerKind = { name: 'bare ws', script: 'bare', dialect: 'bare', args: [] };
export const GATEWAY: ServerKind = { name: 'gateway', script: 'gateway', dialect: 'openclaw', args: [TOKEN] };
export const STOCK: ServerKind = { name: 'stock WsAdapter', script: 'stock', dialect: 'nest', args: [] };
export const SERVERS: readonly ServerKind[] = [BARE_WS, GATEWAY, STOCK];

const SETTLE_MS = { least: 500, perClient: 1 };

/** A server and a method of it. */
export interface Contender {
  readonly name: string;
  readonly server: ServerKind;
  readonly method: string;
}

/** That which all are compared with comes first. */
export const CONTENDERS: readonly Contender[] = [
  { name: BARE_WS.name, server: BARE_WS, method: 'echo' },
  { name: GATEWAY.name, server: GATEWAY, method: 'echo' },
  { name: `${GATEWAY.name}, guard and pipe`, server: GATEWAY, method: 'safe' },
  { name: STOCK.name, server: STOCK, method: 'echo' },
  { name: `${STOCK.name}, guard and pipe`, server: STOCK, method: 'safe' },
];

/** Of the longest name. */
export const NAME_WIDTH = Math.max(...CONTENDERS.map(({ name }) => name.length));

/** One server process, and one process that is its clients. */
export class Party {
  private constructor(
    readonly kind: ServerKind,
    private readonly server: Child,
    private readonly clients: Child,
  ) {}

  static async start(kind: ServerKind): Promise<Party> {
    const server = child(['--expose-gc', script(`servers/${kind.script}`), ...kind.args]);
    const port = await server.call<number>('port');
    return new Party(kind, server, child([script('load/generator'), String(port), kind.dialect]));
  }

  async stop(): Promise<void> {
    await Promise.all([this.clients.kill(), this.server.kill()]);
  }

  check(method: string): Promise<void> {
    return this.clients.call('check', method);
  }

  open(connections: number): Promise<void> {
    return this.clients.call('open', connections);
  }

  async run(options: RunOptions): Promise<Run & { readonly serverMs: number }> {
    const before = await this.#processorTime();
    const run = await this.clients.call<Run>('run', options);
    return { ...run, serverMs: (await this.#processorTime()) - before };
  }

  latencies(options: Pick<RunOptions, 'method' | 'ms'>): Promise<number[]> {
    return this.clients.call('latencies', options);
  }

  memory(): Promise<Memory> {
    return this.server.call('memory');
  }

  /** Tells all clients the same. In milliseconds. */
  async publish(text: string): Promise<{ readonly busyMs: number; readonly lastReceiptMs: number }> {
    await this.clients.call('expect', { least: text.length, most: 2 * text.length });
    const { begunAt, busyMs } = await this.server.call<Publication>('publish', text);
    const lastReceivedAt = await this.clients.call<number>('allReceived');
    return { busyMs, lastReceiptMs: lastReceivedAt - begunAt };
  }

  #processorTime(): Promise<number> {
    return this.server.call('processorTime');
  }
}

export function partyOf(kind: ServerKind, parties: readonly Party[]): Party {
  const party = parties.find((candidate) => candidate.kind === kind);
  if (party) return party;
  throw new Error(`${kind.name} was not started`);
}

/** Starts what is needed, and ends it. */
export async function withParties<T>(
  kinds: readonly ServerKind[],
  measure: (parties: readonly Party[]) => Promise<T>,
): Promise<T> {
  const parties: Party[] = [];
  try {
    for (const kind of kinds) parties.push(await Party.start(kind));
    return await measure(parties);
  } finally {
    await Promise.all(parties.map((party) => party.stop()));
  }
}

/** A gateway tells its clients who has come, after a while that depends on how many they are. */
export async function settled(clients: number): Promise<void> {
  await delay(SETTLE_MS.least + SETTLE_MS.perClient * clients);
}

function child(args: readonly string[]): Child {
  return new Child(args, { answersCalls: true });
}

function script(name: string): string {
  return fileURLToPath(new URL(`../${name}.js`, import.meta.url));
}
