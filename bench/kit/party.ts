import { setTimeout as delay } from 'node:timers/promises';

import type { DialectName } from '../load/dialects.js';
import type { Run, RunOptions } from '../load/generator.js';
import type { Memory, Publication } from '../servers/calls.js';
import { builtScript } from './built.js';
import { Child } from './child.js';
import { Clients } from './clients.js';
import { untilFree } from './servers.js';

/** A server that answers calls, so that one can look into it. */
export interface ServerKind {
  readonly name: string;
  readonly script: string;
  readonly dialect: DialectName;
}

export const BARE_WS: ServerKind = { name: 'bare ws', script: 'servers/bare', dialect: 'bare' };
export const GATEWAY: ServerKind = { name: 'gateway', script: 'servers/gateway', dialect: 'openclaw' };
export const STOCK: ServerKind = { name: 'stock WsAdapter', script: 'servers/stock', dialect: 'nest' };

const SETTLE_MS = { least: 500, perClient: 1 };

/** One server process, and one process that is its clients. */
export class Party {
  private constructor(
    readonly kind: ServerKind,
    readonly clients: Clients,
    private readonly server: Child,
    private readonly port: number,
  ) {}

  static async start(kind: ServerKind, args: readonly string[] = []): Promise<Party> {
    const server = new Child(['--expose-gc', builtScript(kind.script), ...args], { answersCalls: true });
    const port = await server.call<number>('port');
    return new Party(kind, new Clients(port, kind.dialect), server, port);
  }

  async stop(): Promise<void> {
    await Promise.all([this.clients.kill(), this.server.kill()]);
  }

  async run(options: RunOptions): Promise<Run & { readonly serverMs: number }> {
    const before = await this.processorTime();
    const run = await this.clients.run(options);
    return { ...run, serverMs: (await this.processorTime()) - before };
  }

  memory(): Promise<Memory> {
    return this.server.call('memory');
  }

  /** In milliseconds. */
  processorTime(): Promise<number> {
    return this.server.call('processorTime');
  }

  /** Tells all clients the same. */
  async publish(text: string): Promise<Published> {
    await this.clients.expect({ least: text.length, most: 2 * text.length });
    const { begunAt, busyMs } = await this.server.call<Publication>('publish', text);
    const lastReceivedAt = await this.clients.allReceived();
    return { busyMs, lastReceiptMs: lastReceivedAt - begunAt };
  }

  /** From SIGTERM until the port is free, in milliseconds. */
  async freePort(): Promise<number> {
    const begun = performance.now();
    this.server.signal('SIGTERM');
    await untilFree(this.port);
    return performance.now() - begun;
  }
}

/** What it took to tell all clients. Milliseconds. */
export interface Published {
  /** How long the server is busy in the call that sends. */
  readonly busyMs: number;
  /** Until the last client had it. */
  readonly lastReceiptMs: number;
}

/** Starts what is needed, and ends it. */
export async function withParties<T>(
  kinds: readonly ServerKind[],
  measure: (parties: readonly Party[]) => Promise<T>,
  args: readonly string[] = [],
): Promise<T> {
  const parties: Party[] = [];
  try {
    for (const kind of kinds) parties.push(await Party.start(kind, args));
    return await measure(parties);
  } finally {
    await Promise.all(parties.map((party) => party.stop()));
  }
}

/** A gateway tells its clients who has come, after a while that depends on how many they are. */
export async function settled(clients: number): Promise<void> {
  await delay(SETTLE_MS.least + SETTLE_MS.perClient * clients);
}
