import { Operator } from '../../test/kit/operator.js';

/** How long one request takes to be answered, in milliseconds: over the standby and directly, in turns. */
export async function latencies(
  urls: { readonly relayed: string; readonly direct: string },
  rounds: number,
): Promise<{ readonly relayed: readonly number[]; readonly direct: readonly number[] }> {
  const clients = { relayed: await Operator.open(urls.relayed), direct: await Operator.open(urls.direct) };
  const measured = { relayed: [] as number[], direct: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    for (const way of ['relayed', 'direct'] as const) {
      const begun = performance.now();
      await clients[way].call('health');
      measured[way].push(performance.now() - begun);
    }
  }
  for (const { client } of Object.values(clients)) client.socket.terminate();
  return measured;
}
