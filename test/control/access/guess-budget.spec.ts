import fc from 'fast-check';

import { GuessBudget, type Judgement } from '../../../src/control/access/guess-budget.js';
import { Clock } from '../../kit/clock.js';
import { proven } from '../../kit/proven.js';

const RIGHT = { kind: 'right', value: 'granted' };
const WRONG = { kind: 'wrong' };
const BUSY = { kind: 'busy' };
const PER_SECOND = 4;
const SECOND = 1_000;
const MAX_REMEMBERED = 1_000;

class Guesses {
  readonly clock = new Clock();
  readonly budget = new GuessBudget<string>(this.clock.now);
  readonly comparedAt: number[] = [];
  #next = 0;

  wrong(caller = 'a caller', digest = `wrong ${this.#next++}`): Judgement<string> {
    return this.#judge(caller, digest, undefined);
  }

  right(caller = 'a caller'): Judgement<string> {
    return this.#judge(caller, 'right', 'granted');
  }

  #judge(caller: string, digest: string, value: string | undefined): Judgement<string> {
    return this.budget.judge(caller, digest, () => {
      this.comparedAt.push(this.clock.now());
      return value;
    });
  }
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

describe('GuessBudget', () => {
  it('has four new tokens of a caller compared at once, and is busy for more', () => {
    const guesses = new Guesses();
    expect(times(6, () => guesses.wrong())).toEqual([WRONG, WRONG, WRONG, WRONG, BUSY, BUSY]);
    expect(guesses.comparedAt).toHaveLength(PER_SECOND);
  });

  it('says nothing about a right token to a caller that has guessed too much', () => {
    const guesses = new Guesses();
    times(PER_SECOND, () => guesses.wrong());
    expect(guesses.right()).toEqual(BUSY);
    expect(guesses.comparedAt).toHaveLength(PER_SECOND);
  });

  it('is busy for no other caller', () => {
    const guesses = new Guesses();
    times(100, () => guesses.wrong());
    expect(guesses.right('another caller')).toEqual(RIGHT);
  });

  it('compares again when the oldest guess is a second old, and not before', async () => {
    const guesses = new Guesses();
    times(PER_SECOND, () => guesses.wrong());
    await guesses.clock.pass(SECOND - 1);
    expect(guesses.right()).toEqual(BUSY);
    await guesses.clock.pass(1);
    expect(guesses.right()).toEqual(RIGHT);
  });

  it('charges nothing for a right token, nor for a wrong one that was judged before', () => {
    const guesses = new Guesses();
    guesses.wrong('a caller', 'an old token');
    expect(times(100, () => guesses.right())).toEqual(new Array(100).fill(RIGHT));
    expect(times(100, () => guesses.wrong('a caller', 'an old token'))).toEqual(new Array(100).fill(WRONG));
    expect(times(PER_SECOND, () => guesses.wrong())).toEqual([WRONG, WRONG, WRONG, BUSY]);
  });

  it('knows an old wrong token also of a caller that has guessed too much', () => {
    const guesses = new Guesses();
    guesses.wrong('a caller', 'an old token');
    times(100, () => guesses.wrong());
    expect(guesses.wrong('a caller', 'an old token')).toEqual(WRONG);
  });

  it('remembers a bounded number of callers and of wrong tokens, the latest of both', () => {
    const guesses = new Guesses();
    for (let count = 0; count < 2 * MAX_REMEMBERED; count++) guesses.wrong(`caller ${count}`, `token ${count}`);
    expect(guesses.budget.size).toBe(MAX_REMEMBERED);
    expect(guesses.budget.isKnownWrong(`token ${MAX_REMEMBERED}`)).toBe(true);
    expect(guesses.budget.isKnownWrong(`token ${MAX_REMEMBERED - 1}`)).toBe(false);
    const latest = `caller ${2 * MAX_REMEMBERED - 1}`;
    expect(times(PER_SECOND, () => guesses.wrong(latest))).toEqual([WRONG, WRONG, WRONG, BUSY]);
  });

  it('compares at most four new tokens of a caller in any second, however they are spread', async () => {
    const runs = 300;
    const guess = fc.record({ caller: fc.constantFrom('one', 'two'), pause: fc.oneof(fc.constant(0), fc.nat(600)) });
    await fc.assert(
      fc.asyncProperty(fc.array(guess, { maxLength: 40 }), async (list) => {
        const clock = new Clock();
        const budget = new GuessBudget<string>(clock.now);
        const compared = new Map<string, number[]>();
        for (const [index, { caller, pause }] of list.entries()) {
          await clock.pass(pause);
          budget.judge(caller, `token ${index}`, () => {
            compared.set(caller, [...(compared.get(caller) ?? []), clock.now()]);
            return undefined;
          });
        }
        for (const at of compared.values()) {
          at.slice(PER_SECOND).forEach((time, index) =>
            expect(time - Number(at[index])).toBeGreaterThanOrEqual(SECOND),
          );
        }
      }),
      { numRuns: runs },
    );
    proven(`1 property of the budget for guesses, with ${runs} random sequences of them`);
  });
});
