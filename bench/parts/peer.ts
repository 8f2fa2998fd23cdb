import { setTimeout as delay } from 'node:timers/promises';

import { freePort } from '../../test/kit/ports.js';
import { temporaryHome, type Child } from '../kit/child.js';
import { figureOf } from '../kit/figure.js';
import type { Part } from '../kit/part.js';
import { endTree, treeMegabytes } from '../kit/proc.js';
import { progress } from '../kit/progress.js';
import { untilFree, untilReady } from '../kit/servers.js';
import { contenders, PEER_VERSION, type Contender } from '../peer/contenders.js';

/** After which an idle process has come to rest. */
const REST_MS = 5_000;
/** OpenClaw takes up to a minute on two busy cores. */
const DEADLINE_MS = 180_000;

const STEPS = [
  ['start, to the first 200 of /healthz', 's'],
  ['second start, until it ends', 's'],
  ['gateway health', 's'],
  ['resident memory, idle, all its processes', 'MiB'],
  ['SIGKILL and a new start, to the first 200', 's'],
  ['SIGTERM to port free', 's'],
] as const;

export const peer: Part<'rounds'> = {
  name: 'peer',
  about: `the life of a gateway beside that of OpenClaw ${PEER_VERSION}, which it installs, on Node 24`,
  kind: 'aside',
  defaults: { rounds: '3' },
  run: async ({ rounds }, report) => {
    const both = contenders();
    const lives: [number[][], number[][]] = [[], []];
    for (let round = 1; round <= rounds; round++) {
      for (const [index, contender] of both.entries()) lives[index]?.push(await live(contender));
      progress(round, rounds, 'lives of both');
    }
    STEPS.forEach(([name, unit], step) => {
      const [ours = [], theirs = []] = lives.map((measured) => measured.map((life) => life[step] ?? NaN));
      report.figure(figureOf({ name, unit, beside: both[1].name }, ours, theirs));
    });
    report.note('Both on Node 24 from npm, each with a home folder of its own, without a service manager.');
  },
};

/** What each of the steps took, in its unit. */
async function live(contender: Contender): Promise<number[]> {
  const port = await freePort();
  const home = temporaryHome();
  const start = async (): Promise<[Child, number]> => {
    const begun = performance.now();
    const child = contender.start(port, home);
    await untilReady(child, port, { path: '/healthz', deadlineMs: DEADLINE_MS });
    return [child, secondsSince(begun)];
  };
  const ended = async (child: Child): Promise<number> => {
    const begun = performance.now();
    await child.ended();
    return secondsSince(begun);
  };
  const running: Child[] = [];
  try {
    const [first, started] = await start();
    running.push(first);
    const refused = await ended(contender.start(port, home));
    const asked = await ended(contender.health(port, home));
    await delay(REST_MS);
    const memory = treeMegabytes(first.pid);
    endTree(first.pid);
    const begun = performance.now();
    await first.ended();
    const [second] = await start();
    running.push(second);
    const again = secondsSince(begun);
    const stopping = performance.now();
    second.signal('SIGTERM');
    await untilFree(port);
    return [started, refused, asked, memory, again, secondsSince(stopping)];
  } finally {
    for (const { pid, exit } of running) if (exit === undefined) endTree(pid);
  }
}

function secondsSince(begun: number): number {
  return (performance.now() - begun) / 1_000;
}
