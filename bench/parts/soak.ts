import { setTimeout as delay } from 'node:timers/promises';

import { cleanUp } from '../../test/kit/cleaner.js';
import { format } from '../kit/figure.js';
import type { Part, Report } from '../kit/part.js';
import { progress } from '../kit/progress.js';
import { levelsOff, levelTable, type Course } from '../soak/levelling.js';
import { SAMPLED, SoakedGateway } from '../soak/soaked-gateway.js';
import { floodWithoutReading, visit } from '../soak/visitors.js';

interface Tally {
  requests: number;
  slowReaders: number;
  cutOff: number;
  restarts: number;
}

const SAMPLES = 30;
const MINUTE_MS = 60_000;
/** So that it is a load, and not all that the machine can do. */
const PAUSE_MS = 100;

export const soak: Part<'minutes'> = {
  name: 'soak',
  about: 'connects, requests, slow readers and restarts for long, and that memory and descriptors level off',
  kind: 'aside',
  defaults: { minutes: '30' },
  run: async ({ minutes }, report) => {
    const gateways: SoakedGateway[] = [];
    try {
      const lasting = await SoakedGateway.start(gateways);
      const restarted = await SoakedGateway.start(gateways);
      await soakFor(minutes, lasting, restarted, report);
    } finally {
      await cleanUp();
      await Promise.all(gateways.map((gateway) => gateway.kill()));
    }
  },
};

async function soakFor(
  minutes: number,
  lasting: SoakedGateway,
  restarted: SoakedGateway,
  report: Report,
): Promise<void> {
  const tally: Tally = { requests: 0, slowReaders: 0, cutOff: 0, restarts: 0 };
  const samples: { readonly minute: number; readonly values: readonly number[] }[] = [];
  const begun = performance.now();
  while (samples.length < SAMPLES) {
    await doOnce(lasting, restarted, tally);
    await delay(PAUSE_MS);
    const minute = (performance.now() - begun) / MINUTE_MS;
    if (minute < ((samples.length + 1) / SAMPLES) * minutes) continue;
    samples.push({ minute, values: [...(await lasting.sample()), ...(await restarted.sample())] });
    progress(samples.length, SAMPLES, `soak for ${minutes} minutes`, 'samples');
  }
  const names = ['lasting', 'restarted'].flatMap((gateway) => SAMPLED.map((what) => `${gateway}, ${what}`));
  const courses = names.map((name, index): Course => ({
    name,
    values: samples.map(({ values }) => values[index] ?? NaN),
  }));
  report.table({
    title: 'Two gateways, one that lasts and one that is restarted again and again; after garbage collection.',
    columns: ['minute', ...names],
    rows: samples.map(({ minute, values }) => [minute.toFixed(1), ...values.map(format)]),
  });
  report.table(levelTable(courses));
  report.note(
    `${tally.requests} requests were answered, ${tally.cutOff} of ${tally.slowReaders} clients that did not read were cut off, and ` +
      `${tally.restarts} restarts, by SIGTERM and SIGKILL in turn, were ready again.`,
  );
  if (tally.cutOff < tally.slowReaders)
    report.fault(`${tally.slowReaders - tally.cutOff} clients that did not read were not cut off`);
  for (const course of courses.filter((one) => !levelsOff(one))) report.fault(`${course.name}: does not level off`);
}

async function doOnce(lasting: SoakedGateway, restarted: SoakedGateway, tally: Tally): Promise<void> {
  tally.requests += await visit(lasting.url);
  tally.slowReaders++;
  if (await floodWithoutReading(lasting.url)) tally.cutOff++;
  tally.requests += await visit(restarted.url);
  await restarted.restart(tally.restarts++ % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
  // Here is no test that would end, and let go of its clients.
  await cleanUp();
}
