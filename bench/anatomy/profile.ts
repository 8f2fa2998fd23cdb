import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../../test/kit/ports.js';
import { Child } from '../kit/child.js';
import { GATEWAY, untilReady } from '../kit/servers.js';

/** What `--cpu-prof` writes: https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** Microseconds. */
  readonly timeDeltas: readonly number[];
}

export interface Work {
  readonly name: string;
  readonly ms: number;
}

/** By the innermost function on the stack that says it; all that is under none of them is something else. */
const WORKS: readonly (readonly [name: string, functions: RegExp])[] = [
  ['compiling the bundle, or taking its kept code', /^(Script|wrapSafe)$/],
  ['loading modules of Node', /^(compileForInternalLoader|compileForPublicLoader)$/],
  ['Nest: finding modules, providers and their metadata', /^(scan|scanForModules|scanModulesForDependencies)$/],
  ['Nest: order of the hooks', /^(calculateModulesDistance)$/],
  ['Nest: making the instances', /^(createInstancesOfDependencies|createInstances)$/],
  ['Nest: routes and gateway classes', /^(registerRouter|registerWsModule|connectGatewayToServer)$/],
  ['the claim of the port', /^(claim|claimListener|bindExclusively)$/],
  ['evaluating modules: classes, decorators', /^(evaluate|run)$/],
  ['finding and reading files', /^(resolve|load|getSource|readFile|readFileHandle|readFileSync)$/],
  ['garbage collection', /^\(garbage collector\)$/],
  ['waiting', /^\(idle\)$/],
];
const OTHERWISE = 'something else, among it the start of Node';

/** Has one gateway started and stopped under the profiler of V8. */
export async function profileStart(script: string): Promise<Work[]> {
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-bench-'));
  const port = await freePort();
  const profiler = ['--cpu-prof', '--cpu-prof-interval', '100', '--cpu-prof-dir', folder];
  const child = new Child([...profiler, script, 'gateway', '--port', String(port)]);
  try {
    await child.printed(GATEWAY.listening);
    await untilReady(child, port);
    child.signal('SIGTERM');
    await child.ended();
    const [file = ''] = readdirSync(folder);
    return summarize(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile);
  } finally {
    await child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

function summarize({ nodes, samples, timeDeltas }: Profile): Work[] {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const functions = new Map(nodes.map(({ id, callFrame }) => [id, callFrame.functionName]));
  const workOf = (sample: number): string => {
    for (let id: number | undefined = sample; id !== undefined; id = parents.get(id)) {
      const called = functions.get(id) ?? '';
      const work = WORKS.find(([, pattern]) => pattern.test(called));
      if (work) return work[0];
    }
    return OTHERWISE;
  };
  const sums = new Map<string, number>();
  for (const [index, sample] of samples.entries()) {
    const work = workOf(sample);
    sums.set(work, (sums.get(work) ?? 0) + (timeDeltas[index] ?? 0) / 1_000);
  }
  return [...sums].map(([name, ms]) => ({ name, ms })).sort((a, b) => b.ms - a.ms);
}
