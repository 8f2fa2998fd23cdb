import fc from 'fast-check';

import { nextLease, type LeaseTiming } from '../../src/fleet/lease.js';
import { SEED } from '../kit/random.js';
import { LeaseWorld, RULES, type Incident, type Rules } from './lease-world.js';

const TIMING: LeaseTiming = {
  heartbeatMs: 2_500,
  leaseMs: 10_000,
  sessionMs: 15_000,
  sliceMs: 10_000,
  answerMs: 5_000,
};
/** 100,000 take some minutes: `LEASE_SCHEDULES=100000 npx jest lease-model`. */
const SCHEDULES = Number(process.env['LEASE_SCHEDULES'] ?? 400);
const FAIR: readonly Incident['kind'][] = [
  'freeze',
  'suspend',
  'wake',
  'cut',
  'heal',
  'stop',
  'restart',
  'crash',
  'failover',
  'replicate',
];

interface Schedule {
  readonly gateways: number;
  readonly incidents: readonly Incident[];
  readonly delays: readonly number[];
}

function schedules(kinds: readonly Incident['kind'][]): fc.Arbitrary<Schedule> {
  return fc.record({
    gateways: fc.integer({ min: 2, max: 4 }),
    incidents: fc.array(
      fc.record({
        afterMs: fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 20_000 })),
        kind: fc.constantFrom(...kinds),
        gateway: fc.nat({ max: 3 }),
      }),
      { minLength: 1, maxLength: 14 },
    ),
    delays: fc.array(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 4_500 })), {
      minLength: 1,
      maxLength: 12,
    }),
  });
}

function play({ gateways, incidents, delays }: Schedule, isStrict: boolean, rules: Rules): LeaseWorld {
  let message = 0;
  const world = new LeaseWorld(
    rules.timing ?? TIMING,
    isStrict,
    rules,
    gateways,
    () => delays[message++ % delays.length] ?? 0,
  );
  world.run(incidents);
  return world;
}

/** What went wrong in one of many schedules. */
function findFault(isStrict: boolean, kinds: readonly Incident['kind'][]): string | undefined {
  let fault: string | undefined;
  let activations = 0;
  const outcome = fc.check(
    fc.property(schedules(kinds), (schedule) => {
      const world = play(schedule, isStrict, RULES);
      activations += world.activations;
      fault = faultOf(world);
      return fault === undefined;
    }),
    { numRuns: SCHEDULES, endOnFailure: true, seed: SEED | 0 },
  );
  if (outcome.failed) return `${fault ?? String(outcome.errorInstance)} (TEST_SEED=${outcome.seed})`;
  // A world in which no gateway ever works would be safe too.
  return activations >= SCHEDULES ? undefined : `only ${activations} activations`;
}

function faultOf({ collision, areTokensAscending, tokens }: LeaseWorld): string | undefined {
  return collision ?? (areTokensAscending ? undefined : `tokens ${tokens.join(', ')}`);
}

describe('the lease', () => {
  it('never lets two work at once, whatever happens to processes, the network and the server', () => {
    expect(findFault(false, FAIR)).toBeUndefined();
  });

  it('nor where a third party ends the session of the holder, if it is strict', () => {
    expect(findFault(true, [...FAIR, 'terminate'])).toBeUndefined();
  });

  it('lets two work at once where a third party ends the session of a holder that is cut off, if it is not: the limit', () => {
    const schedule = scheduled(2, [1], [5_000, 'cut', 0], [10, 'terminate', 0]);

    expect(faultOf(play(schedule, false, RULES))).toMatch(/work at/);
    expect(faultOf(play(schedule, true, RULES))).toBeUndefined();
  });
});

type Happening = readonly [afterMs: number, kind: Incident['kind'], gateway: number];

function scheduled(gateways: number, delays: readonly number[], ...happenings: readonly Happening[]): Schedule {
  return { gateways, delays, incidents: happenings.map(([afterMs, kind, gateway]) => ({ afterMs, kind, gateway })) };
}

/** The same step, with the state that it leads to made another. */
function bent(bend: (...step: Parameters<typeof nextLease>) => ReturnType<typeof nextLease>): Rules {
  return { ...RULES, next: bend };
}

/** Each rule, broken, and the shortest schedule that the model has found it by. */
const BROKEN: Readonly<Record<string, readonly [rules: Rules, schedule: Schedule]>> = {
  'the lease counts from the answer': [
    bent((state, event, now, timing) => {
      const step = nextLease(state, event, now, timing);
      return step.state.provenAt === state.provenAt ? step : { ...step, state: { ...step.state, provenAt: now } };
    }),
    scheduled(2, [0, 1, 0, 1, 1_503, 0, 0, 0, 0, 0], [6_506, 'cut', 0]),
  ],
  'there is no quarantine': [
    { ...RULES, isGone: () => true },
    scheduled(2, [1], [5_000, 'cut', 0], [10, 'restart', 0]),
  ],
  'a new session goes on with the lock of the old one': [
    bent((state, event, now, timing) => {
      if (state.phase !== 'active') return nextLease(state, event, now, timing);
      if (event.type === 'connected') return { state: { ...state, provenAt: now, sentAt: undefined }, commands: [] };
      if (event.type !== 'failed') return nextLease(state, event, now, timing);
      const session = state.session + 1;
      return { state: { ...state, session, sentAt: now }, commands: [{ do: 'connect', session, afterMs: 0 }] };
    }),
    scheduled(2, [1], [5_000, 'restart', 0]),
  ],
  'the lease is longer than the session': [
    { ...RULES, timing: { ...TIMING, leaseMs: 16_000 } },
    scheduled(2, [0], [5_000, 'cut', 0]),
  ],
  'a release counts though a promotion may have lost what came after it': [
    { ...RULES, isGone: (facts, isStrict) => RULES.isGone({ ...facts, isSameTimeline: true }, isStrict) },
    scheduled(3, [1], [2_000, 'stop', 0], [2, 'replicate', 0], [1_000, 'cut', 1], [0, 'failover', 0]),
  ],
  'a claim already counts as the work of its gateway': [
    { ...RULES, claimConfirms: true },
    scheduled(3, [1, 0, 2], [2_508, 'cut', 0], [0, 'restart', 0], [104, 'stop', 2]),
  ],
  'a gateway that was never active says that it has released': [
    bent((state, event, now, timing) => {
      if (event.type !== 'stop' || state.phase !== 'quarantined') return nextLease(state, event, now, timing);
      return { state: { ...state, phase: 'left' }, commands: [{ do: 'release' }] };
    }),
    scheduled(3, [1, 0, 1], [4, 'cut', 0], [0, 'restart', 0], [103, 'stop', 2]),
  ],
  'a lost lease is given back before the work has ended': [
    bent((state, event, now, timing) => {
      const step = nextLease(state, event, now, timing);
      const isLost = state.phase === 'active' && step.state.phase === 'lost';
      return isLost ? { ...step, commands: [{ do: 'drop' }] } : step;
    }),
    scheduled(3, [0, 0, 0, 0, 3_470, 4_030, 0, 1, 0], [0, 'freeze', 0]),
  ],
  'a suspended process trusts its clock': [
    { ...RULES, seesGaps: false },
    scheduled(2, [0], [0, 'suspend', 0], [15_000, 'wake', 0]),
  ],
};

describe('the model finds it when', () => {
  it.each(Object.entries(BROKEN))('%s', (_rule, [rules, schedule]) => {
    expect(faultOf(play(schedule, false, rules))).toMatch(/work at/);
    expect(faultOf(play(schedule, false, RULES))).toBeUndefined();
  });
});
