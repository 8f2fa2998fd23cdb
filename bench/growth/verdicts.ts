import { reservePorts } from '../../test/kit/ports.js';
import { BIN, builtScript } from '../kit/built.js';
import { Child } from '../kit/child.js';
import { Distribution } from '../kit/distribution.js';
import { format } from '../kit/figure.js';
import type { FurtherTable } from '../kit/part.js';
import { progress } from '../kit/progress.js';
import { GATEWAY } from '../kit/servers.js';

/** How many of these there are beside the gateway. */
const CROWDS = [0, 1, 5] as const;
/** A connection has both its sockets in one process, which may not have many more. */
const CROWD = { processes: 1_000, connections: 5_000 } as const;

interface Refusal {
  readonly ms: number;
  readonly verdict: string;
}

/**
 * How long a second start takes to be refused on a machine with much on it, by a gateway that answers, and by one that is
 * suspended: of that only the operating system can tell which process it is, out of all processes and sockets.
 */
export async function verdictTable(rounds: number): Promise<FurtherTable> {
  const { port, release } = await reservePorts();
  const gateway = GATEWAY.start(port);
  const crowds: Child[] = [];
  const rows: string[][] = [];
  try {
    await gateway.printed(GATEWAY.listening);
    for (const size of CROWDS) {
      while (crowds.length < size) crowds.push(await crowd());
      rows.push(rowOf(size, 'ready', await refusals(port, rounds)));
      gateway.signal('SIGSTOP');
      rows.push(rowOf(size, 'suspended', await refusals(port, rounds)));
      gateway.signal('SIGCONT');
      progress(rows.length / 2, CROWDS.length, 'growth, crowds');
    }
  } finally {
    await Promise.all([gateway, ...crowds].map((child) => child.kill()));
    release();
  }
  return {
    title:
      'A refused second start, from exec to its end, beside many processes and sockets. A verdict has 500 ms. Milliseconds.',
    columns: ['processes', 'sockets', 'the gateway is', 'median', 'most', 'verdicts'],
    rows,
  };
}

async function crowd(): Promise<Child> {
  const child = new Child([builtScript('servers/crowd'), String(CROWD.processes), String(CROWD.connections)]);
  await child.printed(/^crowded$/m);
  return child;
}

async function refusals(port: number, rounds: number): Promise<Refusal[]> {
  const all: Refusal[] = [];
  for (let round = 1; round <= rounds; round++) {
    const begun = performance.now();
    const child = new Child([BIN, 'gateway', '--port', String(port), '--json']);
    await child.ended();
    const ms = performance.now() - begun;
    all.push({ ms, verdict: /"verdict":"(\w+)"/.exec(child.output)?.[1] ?? 'none' });
  }
  return all;
}

function rowOf(crowds: number, held: string, refused: readonly Refusal[]): string[] {
  const times = new Distribution(refused.map(({ ms }) => ms));
  const counted = [crowds * CROWD.processes, 2 * crowds * CROWD.connections].map((count) => count.toLocaleString('en'));
  const verdicts = [...new Set(refused.map(({ verdict }) => verdict))].sort().join(', ');
  return [...counted, held, format(times.median), format(times.quantile(1)), verdicts];
}
