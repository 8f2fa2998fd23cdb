import { WARM_UP_ROUNDS } from '../kit/figure.js';
import { settled, withParties, type Party } from '../kit/party.js';
import { progress } from '../kit/progress.js';
import { partyOf, serversOf, type Contender, type Samples } from './contenders.js';

export interface Turns<Sample> {
  /** For the progress line. */
  readonly label: string;
  readonly contenders: readonly Contender[];
  /** How many each server has. */
  readonly connections: number;
  readonly rounds: number;
  readonly sample: (party: Party, contender: Contender) => Promise<Sample>;
}

/** Each contender once in each round, on servers that stay. */
export function takeTurns<Sample>({
  label,
  contenders,
  connections,
  rounds,
  sample,
}: Turns<Sample>): Promise<Samples<Sample>> {
  return withParties(serversOf(contenders), async (parties) => {
    for (const { server, method } of contenders) await partyOf(server, parties).clients.check(method);
    await Promise.all(parties.map(({ clients }) => clients.open(connections)));
    await settled(connections);
    const samples = new Map<Contender, Sample[]>(contenders.map((contender) => [contender, []]));
    for (let round = 1 - WARM_UP_ROUNDS; round <= rounds; round++) {
      for (const contender of contenders) {
        const measured = await sample(partyOf(contender.server, parties), contender);
        if (round > 0) samples.get(contender)?.push(measured);
      }
      if (round > 0) progress(round, rounds, label);
    }
    return samples;
  });
}

/** One number of each round. */
export function valuesOf<Sample>(
  samples: Samples<Sample>,
  contender: Contender,
  value: (sample: Sample) => number,
): number[] {
  return (samples.get(contender) ?? []).map(value);
}
