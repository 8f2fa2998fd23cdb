import { Distribution } from '../kit/distribution.js';
import { figureOf, spreadOf, toFigure, type Aim, type Figure } from '../kit/figure.js';
import type { Part } from '../kit/part.js';
import { progress } from '../kit/progress.js';
import { Chain, type Round } from '../takeover/chain.js';
import { BARE_BIND_LOOP, GATEWAY, type Contender, type End } from '../takeover/contenders.js';

/** One end of the holder, with one number of standbys. */
interface Setting {
  readonly end: End;
  readonly standbys: number;
}

interface Duel {
  readonly gateway: readonly Round[];
  readonly bare: readonly Round[];
}

const MOST_P99_MS = 50;
const P99_AIM: Aim = { text: `≤ ${MOST_P99_MS} ms`, isMet: ({ gateway }) => gateway.median <= MOST_P99_MS };

export const takeover: Part<'rounds' | 'ends' | 'standbys'> = {
  name: 'takeover',
  about: 'how long a standby takes to answer when the holder ends, and that exactly one takes over',
  kind: 'table',
  defaults: { rounds: '50', ends: 'SIGKILL', standbys: '1' },
  run: async ({ rounds, ends, standbys }, report) => {
    for (const setting of ends.flatMap((end) => standbys.map((count) => ({ end, standbys: count })))) {
      const duel = await measure(setting, rounds);
      for (const figure of figures(setting, duel)) report.figure(figure);
      for (const fault of [...faults(GATEWAY, setting, duel.gateway), ...faults(BARE_BIND_LOOP, setting, duel.bare)]) {
        report.fault(fault);
      }
    }
    report.note(
      `In each of ${rounds} rounds of each exactly one took over, unless stderr says otherwise. Time counts from the signal: with\n` +
        "SIGTERM the gateway's orderly stop is part of it, and a bare loop, which tries to bind once in 1 ms, dies at once;\n" +
        'with exit, SIGUSR2 makes the holder call process.exit(). A p99 is that of all rounds.',
    );
  },
};

/** The two take turns, so that whatever else the machine does comes upon both. */
async function measure(setting: Setting, rounds: number): Promise<Duel> {
  const gateway = new Chain(GATEWAY, setting.standbys, setting.end);
  const bare = new Chain(BARE_BIND_LOOP, setting.standbys, setting.end);
  const duel = { gateway: [] as Round[], bare: [] as Round[] };
  try {
    await gateway.begin();
    await bare.begin();
    for (let done = 1; done <= rounds; done++) {
      duel.gateway.push(await gateway.round());
      duel.bare.push(await bare.round());
      progress(done, rounds, describe(setting));
    }
  } finally {
    await Promise.all([gateway.close(), bare.close()]);
  }
  return duel;
}

function figures(setting: Setting, duel: Duel): Figure[] {
  // A round that went wrong has no time, and its fellow is left out with it.
  const both = duel.gateway.flatMap(({ ms }, round) => {
    const other = duel.bare[round]?.ms;
    return ms === undefined || other === undefined ? [] : [[ms, other] as const];
  });
  const gateway = both.map(([ms]) => ms);
  const bare = both.map(([, ms]) => ms);
  const subject = { name: describe(setting), unit: 'ms', beside: BARE_BIND_LOOP.name };
  const p99 = { gateway: withP99(gateway), bare: withP99(bare) };
  return [
    figureOf(subject, gateway, bare),
    toFigure(
      { ...subject, name: `${subject.name}, p99`, ...(setting.end === 'SIGKILL' && { aim: P99_AIM }) },
      p99.gateway,
      p99.bare,
      p99.gateway.median / p99.bare.median,
    ),
  ];
}

/** In the place of the median. */
function withP99(measured: readonly number[]): Figure['gateway'] {
  return { ...spreadOf(measured), median: new Distribution(measured).quantile(0.99) };
}

function describe({ end, standbys }: Setting): string {
  return `${end} to first answer of ${standbys === 1 ? 'a standby' : `one of ${standbys} standbys`}`;
}

function faults({ name }: Contender, setting: Setting, rounds: readonly Round[]): string[] {
  return rounds.flatMap(({ fault }, index) =>
    fault === undefined ? [] : [`${name}, ${describe(setting)}, round ${index + 1}: ${fault}`],
  );
}
