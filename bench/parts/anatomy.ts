import { profileStart } from '../anatomy/profile.js';
import { BIN, builtUnbundled } from '../kit/built.js';
import { Child } from '../kit/child.js';
import { Distribution } from '../kit/distribution.js';
import { format, WARM_UP_ROUNDS } from '../kit/figure.js';
import type { Part } from '../kit/part.js';
import { progress } from '../kit/progress.js';
import { BARE, GATEWAY, timeToReady } from '../kit/servers.js';

/** In milliseconds. */
interface Step {
  readonly name: string;
  readonly measure: () => Promise<number>;
}

const NEST = ['reflect-metadata', '@nestjs/common', '@nestjs/core', '@nestjs/websockets', '@nestjs/platform-ws'];

const STEPS: readonly Step[] = [
  { name: 'node that loads nothing', measure: () => timeToLoad([]) },
  { name: 'node that loads ws', measure: () => timeToLoad(['ws']) },
  ...[2, 3, 5].map((count) => ({
    name: `node that loads ${NEST.slice(0, count).join(', ')}`,
    measure: () => timeToLoad(NEST.slice(0, count)),
  })),
  { name: 'node that loads all these and nest-commander', measure: () => timeToLoad([...NEST, 'nest-commander']) },
  { name: 'bare ws server, to the first 200', measure: () => timeToReady(BARE) },
  {
    name: 'gateway from the files of all packages, to the first 200',
    measure: () => timeToReady({ ...GATEWAY, start: startUnbundled }),
  },
  { name: 'gateway from its bundle, to the first 200', measure: () => timeToReady(GATEWAY) },
];

export const anatomy: Part<'rounds'> = {
  name: 'anatomy',
  about: 'where the time of a start goes: what it loads, and what it does then',
  kind: 'aside',
  defaults: { rounds: '9' },
  run: async ({ rounds }, report) => {
    report.table({
      title:
        'What can be loaded, and what a start is. Milliseconds from exec to the end of the process, or as it says.',
      columns: ['step', 'median', 'least to most'],
      rows: await measureSteps(rounds),
    });
    report.table({
      title: 'One start from the bundle, in the samples of `node --cpu-prof`, which slow it down. Milliseconds.',
      columns: ['at work on', 'time'],
      rows: (await profileStart(BIN)).map(({ name, ms }) => [name, format(ms)]),
    });
  },
};

/** They take turns. */
async function measureSteps(rounds: number): Promise<string[][]> {
  const measured = STEPS.map((): number[] => []);
  for (let round = 1 - WARM_UP_ROUNDS; round <= rounds; round++) {
    for (const [index, { measure }] of STEPS.entries()) {
      const ms = await measure();
      if (round >= 1) measured[index]?.push(ms);
    }
    if (round >= 1) progress(round, rounds, 'steps of a start');
  }
  return STEPS.map(({ name }, index) => {
    const distribution = new Distribution(measured[index] ?? []);
    const [least, most] = [distribution.quantile(0), distribution.quantile(1)];
    return [name, format(distribution.median), `${format(least)} to ${format(most)}`];
  });
}

async function timeToLoad(packages: readonly string[]): Promise<number> {
  const imports = packages.map((name) => `import ${JSON.stringify(import.meta.resolve(name))};`);
  const begun = performance.now();
  const exit = await new Child(['--input-type=module', '--eval', imports.join('\n')]).ended();
  if (exit !== 0) throw new Error(`loading ${packages.join(', ')} ended with ${exit}`);
  return performance.now() - begun;
}

function startUnbundled(port: number): Child {
  return new Child([builtUnbundled('cli'), 'gateway', '--port', String(port)]);
}
