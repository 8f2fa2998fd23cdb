import fc from 'fast-check';

import { EvictionQueue } from '../../src/serving/eviction-queue.js';

const LIMIT = 3;
const CROWD = 16;
const GRACE_MS = 1_000;

class Visitors {
  time = 0;
  readonly pushedOut: number[] = [];
  readonly room = new EvictionQueue<number>(
    LIMIT,
    (one) => this.pushedOut.push(one),
    () => this.time,
  );
  #last = 0;

  come(count = 1): void {
    for (let come = 0; come < count; come++) this.room.add(++this.#last);
  }
}

describe('EvictionQueue', () => {
  it('evicts every entry where the limit is 0', () => {
    const pushedOut: number[] = [];
    new EvictionQueue<number>(0, (one) => pushedOut.push(one)).add(1);
    expect(pushedOut).toEqual([1]);
  });

  it('evicts no entry up to the limit, however long they wait', () => {
    const visitors = new Visitors();
    visitors.come(LIMIT - 1);
    visitors.time += 60 * GRACE_MS;
    visitors.come();
    expect(visitors.pushedOut).toEqual([]);
  });

  it('evicts the oldest entry when one more comes', () => {
    const visitors = new Visitors();
    visitors.come(LIMIT);
    visitors.time += GRACE_MS;
    visitors.come();
    expect(visitors.pushedOut).toEqual([1]);
  });

  it('leaves many that come at once alone for a moment', () => {
    const visitors = new Visitors();
    visitors.come(LIMIT * CROWD);
    expect(visitors.pushedOut).toEqual([]);
  });

  it('makes an end of a crowd that stays, with the next that comes', () => {
    const visitors = new Visitors();
    visitors.come(10);
    visitors.time += GRACE_MS;
    visitors.come();
    expect(visitors.pushedOut).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('pushes out a flood at once, its first ones first', () => {
    const visitors = new Visitors();
    visitors.come(LIMIT * CROWD + 5);
    expect(visitors.pushedOut).toEqual([1, 2, 3, 4, 5]);
  });

  it('does not count an entry that was deleted', () => {
    const visitors = new Visitors();
    visitors.come(LIMIT);
    visitors.time += GRACE_MS;
    visitors.room.delete(1);
    visitors.come();
    expect(visitors.pushedOut).toEqual([]);
  });

  it('never holds more than 16 times the limit, nor more than the limit past their grace', () => {
    const event = fc.record({ count: fc.nat(30), pauseMs: fc.nat(1_500) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        const arrivals: number[] = [];
        const visitors = new Visitors();
        for (const { count, pauseMs } of events) {
          visitors.time += pauseMs;
          visitors.come(count);
          for (let come = 0; come < count; come++) arrivals.push(visitors.time);
          const inside = arrivals.slice(visitors.pushedOut.length);
          expect(inside.length).toBeLessThanOrEqual(LIMIT * CROWD);
          const stale = inside.filter((at) => visitors.time - at >= GRACE_MS);
          if (count > 0) expect(stale.length).toBeLessThanOrEqual(LIMIT);
        }
        expect(visitors.pushedOut).toEqual(visitors.pushedOut.map((_, index) => index + 1));
      }),
      { numRuns: 300 },
    );
  });
});
