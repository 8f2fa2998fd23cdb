import fc from 'fast-check';

import { AttemptGate, type AttemptOutcome } from '../../../src/control/access/attempt-gate.js';
import { Tokens } from '../../../src/control/access/tokens.js';
import { onCleanUp } from '../../kit/cleaner.js';
import { Clock } from '../../kit/clock.js';
import { startControlApp } from '../../kit/control-app.js';
import { within } from '../../kit/deadline.js';
import { Client } from '../../kit/net.js';
import { knock, Operator, type Response } from '../../kit/operator.js';
import { proven } from '../../kit/proven.js';
import { TOKEN } from '../../kit/token.js';

const ADDRESS = '127.0.0.1';
const DELAYS = [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000];
const MINUTE = 60_000;
const MAX_WAITING = 16;
const MAX_ADDRESSES = 1_000;

class Attempts {
  readonly clock = new Clock();
  readonly gate = new AttemptGate(this.clock.now, this.clock.wait);
  /** When a token was compared. */
  readonly comparisons: number[] = [];

  wrong(address = ADDRESS, isGone: () => boolean = () => false): Promise<AttemptOutcome<string>> {
    return this.#attempt(address, undefined, isGone);
  }

  right(address = ADDRESS, isGone: () => boolean = () => false): Promise<AttemptOutcome<string>> {
    return this.#attempt(address, 'granted', isGone);
  }

  #attempt(address: string, value: string | undefined, isGone: () => boolean): Promise<AttemptOutcome<string>> {
    const compare = (): string | undefined => {
      this.comparisons.push(this.clock.now());
      return value;
    };
    return this.gate.attempt(address, compare, isGone);
  }
}

const WRONG = { kind: 'judged', value: undefined };
const RIGHT = { kind: 'judged', value: 'granted' };

/** When comparisons are made that all fail, the first of them at once. */
function schedule(count: number): number[] {
  let at = 0;
  return Array.from({ length: count }, (_, index) => (index === 0 ? 0 : (at += DELAYS[index - 1] ?? 5_000)));
}

describe('AttemptGate', () => {
  it('compares at once who comes for the first time', async () => {
    const attempts = new Attempts();
    expect(await attempts.right()).toEqual(RIGHT);
    expect(attempts.comparisons).toEqual([0]);
  });

  it('does not keep waiting who is right each time', async () => {
    const attempts = new Attempts();
    for (let count = 0; count < 100; count++) expect(await attempts.right()).toEqual(RIGHT);
    expect(attempts.clock.now()).toBe(0);
  });

  it('waits after each failure, from 250 ms on twice as long, and 5 s at most', async () => {
    const attempts = new Attempts();
    const all = Promise.all(Array.from({ length: DELAYS.length + 1 }, () => attempts.wrong()));
    await attempts.clock.pass(MINUTE);
    expect(attempts.comparisons).toEqual(schedule(DELAYS.length + 1));
    expect(await all).toEqual(new Array(DELAYS.length + 1).fill(WRONG));
  });

  it('waits also for the right token, which is then let in', async () => {
    const attempts = new Attempts();
    await attempts.wrong();
    const right = attempts.right();
    await attempts.clock.pass(249);
    expect(attempts.comparisons).toEqual([0]);
    await attempts.clock.pass(1);
    expect(await right).toEqual(RIGHT);
  });

  it('begins anew after a success', async () => {
    const attempts = new Attempts();
    const all = [attempts.wrong(), attempts.wrong(), attempts.right(), attempts.wrong(), attempts.wrong()];
    await attempts.clock.pass(MINUTE);
    await Promise.all(all);
    expect(attempts.comparisons).toEqual([0, 250, 750, 750, 1_000]);
  });

  it('compares nothing for one that is gone', async () => {
    const attempts = new Attempts();
    expect(await attempts.right(ADDRESS, () => true)).toEqual(WRONG);
    expect(attempts.comparisons).toEqual([]);
  });

  it('compares nothing for one that goes while it waits', async () => {
    const attempts = new Attempts();
    await attempts.wrong();
    let isGone = false;
    const impatient = attempts.wrong(ADDRESS, () => isGone);
    await attempts.clock.pass(100);
    isGone = true;
    await attempts.clock.pass(MINUTE);
    expect(await impatient).toEqual(WRONG);
    expect(attempts.comparisons).toEqual([0]);
  });

  it('gives no client an advantage for hanging up: the next comparison still waits', async () => {
    const attempts = new Attempts();
    await attempts.wrong();
    let isGone = false;
    for (let count = 0; count < 5; count++) void attempts.wrong(ADDRESS, () => isGone);
    isGone = true;
    const next = attempts.wrong();
    await attempts.clock.pass(MINUTE);
    await next;
    expect(attempts.comparisons).toEqual([0, 250]);
  });

  it('is busy for an address that waits for many already, and not for ever', async () => {
    const attempts = new Attempts();
    const waiting = Array.from({ length: MAX_WAITING }, () => attempts.wrong());
    expect(await attempts.right()).toEqual({ kind: 'busy' });
    await attempts.clock.pass(2 * MINUTE);
    await Promise.all(waiting);
    expect(attempts.comparisons).toHaveLength(MAX_WAITING);
    expect(await attempts.right()).toEqual(RIGHT);
  });

  it('keeps no other address waiting', async () => {
    const attempts = new Attempts();
    for (let count = 0; count < MAX_WAITING; count++) void attempts.wrong();
    expect(await attempts.right('127.0.0.2')).toEqual(RIGHT);
    expect(attempts.clock.now()).toBe(0);
    await attempts.clock.pass(2 * MINUTE);
  });

  it('goes on after a comparison that throws', async () => {
    const attempts = new Attempts();
    const broken = (): never => {
      throw new Error('on purpose');
    };
    await expect(attempts.gate.attempt(ADDRESS, broken, () => false)).rejects.toThrow('on purpose');
    expect(await attempts.right()).toEqual(RIGHT);
  });

  it('forgets failures after a quiet minute, and not before', async () => {
    const attempts = new Attempts();
    const failures = [attempts.wrong(), attempts.wrong(), attempts.wrong()];
    await attempts.clock.pass(750);
    await Promise.all(failures);
    // The minute begins when the next attempt would have been made.
    await attempts.clock.pass(1_000 + MINUTE);
    const remembered = [attempts.wrong(), attempts.wrong()];
    await attempts.clock.pass(2_000);
    await Promise.all(remembered);
    await attempts.clock.pass(4_000 + MINUTE + 1);
    const forgotten = [attempts.wrong(), attempts.wrong()];
    await attempts.clock.pass(MINUTE);
    await Promise.all(forgotten);
    const [, , , third, fourth, fifth, sixth] = attempts.comparisons;
    expect(Number(fourth) - Number(third)).toBe(2_000);
    expect(Number(sixth) - Number(fifth)).toBe(250);
  });

  it('remembers no more addresses than it has room for, and those that came last', async () => {
    const attempts = new Attempts();
    for (let count = 0; count < 5 * MAX_ADDRESSES; count++) await attempts.wrong(`address ${count}`);
    expect(attempts.gate.size).toBe(MAX_ADDRESSES);
    const known = attempts.wrong(`address ${5 * MAX_ADDRESSES - 1}`);
    await attempts.clock.pass(249);
    expect(attempts.comparisons).toHaveLength(5 * MAX_ADDRESSES);
    await attempts.clock.pass(1);
    await known;
  });

  it('forgets no client that waits', async () => {
    const attempts = new Attempts();
    await attempts.wrong();
    const waiting = [attempts.wrong(), attempts.wrong()];
    for (let count = 0; count < 2 * MAX_ADDRESSES; count++) await attempts.right(`address ${count}`);
    const last = attempts.wrong();
    await attempts.clock.pass(MINUTE);
    await Promise.all([...waiting, last]);
    expect(attempts.comparisons.filter((at) => at > 0)).toEqual([250, 750, 1_750]);
  });

  it('has the comparisons of an address apart by the delay, however attempts and hang-ups are mixed', async () => {
    const attempt = fc.record({
      address: fc.constantFrom('one', 'two', 'three'),
      right: fc.boolean(),
      pause: fc.oneof(fc.constant(0), fc.nat(300), fc.nat(6_000)),
      patience: fc.option(fc.nat(3_000), { nil: Infinity }),
    });
    const runs = 300;
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { maxLength: 30 }), async (list) => {
        const clock = new Clock();
        const gate = new AttemptGate(clock.now, clock.wait);
        const compared = new Map<string, { at: number; right: boolean }[]>();
        const outcomes = [];
        for (const { address, right, pause, patience } of list) {
          await clock.pass(pause);
          const leavesAt = clock.now() + patience;
          const compare = (): true | undefined => {
            const at = clock.now();
            expect(at).toBeLessThan(leavesAt + 1);
            compared.set(address, [...(compared.get(address) ?? []), { at, right }]);
            return right ? true : undefined;
          };
          outcomes.push(gate.attempt(address, compare, () => clock.now() > leavesAt));
        }
        await clock.pass(2 * MINUTE);
        await Promise.all(outcomes);
        for (const comparisons of compared.values()) {
          let failures = 0;
          let previous = -Infinity;
          for (const { at, right } of comparisons) {
            if (at - previous > MINUTE) failures = 0;
            const least = failures === 0 ? 0 : (DELAYS[failures - 1] ?? 5_000);
            expect(at - previous).toBeGreaterThanOrEqual(least);
            failures = right ? 0 : failures + 1;
            previous = at;
          }
        }
      }),
      { numRuns: runs },
    );
    proven(`1 property of attempts to guess a token, with ${runs} random mixtures of attempts and hang-ups`);
  });
});

describe('guessing the token of a gateway', () => {
  const GUESSERS = 40;

  /** When a token was compared. */
  function watchComparisons(): number[] {
    const times: number[] = [];
    const { scopesOf } = Tokens.prototype;
    const spy = jest.spyOn(Tokens.prototype, 'scopesOf').mockImplementation(function (this: Tokens, token) {
      times.push(performance.now());
      return scopesOf.call(this, token);
    });
    onCleanUp(() => spy.mockRestore());
    return times;
  }

  /** How many guesses fit into this time; a timer of Node may be a millisecond early. */
  function mostIn(ms: number): number {
    return schedule(60).filter((at, index) => at - index <= ms).length;
  }

  it('with many connections at once is as slow as with one, and delays no other address', async () => {
    const { url, port } = await startControlApp();
    const comparisons = watchComparisons();
    const startedAt = performance.now();

    const guesses = Array.from({ length: GUESSERS }, async (_, index): Promise<Response> => {
      return knock(await Client.open(url), { auth: { token: `a-wrong-guess-${index}` } });
    });
    const wrong = guesses.map(onlyWrong);
    [...guesses, ...wrong].forEach((guess) => void guess.catch(() => undefined));

    const first = await within(10_000, 'the first verdict', Promise.race(wrong));
    expect(first).toMatchObject({ ok: false, error: { details: { code: 'AUTH_TOKEN_MISMATCH' } } });

    const elsewhere = await Operator.open(`ws://[::1]:${port}`);
    expect(await elsewhere.call('health')).toMatchObject({ ok: true });
    expect(comparisons.length - 1).toBeLessThanOrEqual(mostIn(performance.now() - startedAt));

    let judged = 0;
    const four = new Promise<void>((resolve) => {
      for (const guess of wrong)
        void guess.then(
          () => ++judged === 4 && resolve(),
          () => undefined,
        );
    });
    await within(20_000, 'four verdicts', four);
    // All but the one of the honest client.
    expect(comparisons.length - 1).toBeLessThanOrEqual(mostIn(performance.now() - startedAt));
    proven(`${GUESSERS} wrong tokens at once from one address: each compared no sooner than the schedule has it`);
  });

  it('gains nothing by coming from one address of this machine after the other', async () => {
    const { url } = await startControlApp();
    const comparisons = watchComparisons();
    const startedAt = performance.now();
    for (let count = 1; count <= 4; count++) {
      const client = await Client.open(url, { localAddress: `127.${count}.0.2` });
      const { error } = await knock(client, { auth: { token: `a-wrong-guess-${count}` } });
      expect(error?.details).toEqual({ code: 'AUTH_TOKEN_MISMATCH' });
    }
    expect(comparisons).toHaveLength(4);
    expect(comparisons.length).toBeLessThanOrEqual(mostIn(performance.now() - startedAt));
  });

  it('gains nothing by hanging up', async () => {
    const { url } = await startControlApp();
    const comparisons = watchComparisons();
    const startedAt = performance.now();
    for (let count = 0; count < GUESSERS; count++) {
      const client = await Client.open(url);
      client.send({ type: 'req', id: '1', method: 'connect', params: { ...connect(`a-wrong-guess-${count}`) } });
      client.socket.terminate();
      await client.close();
    }
    expect(comparisons.length).toBeLessThanOrEqual(mostIn(performance.now() - startedAt));
  });

  it('is as slow over HTTP, and counts as the same', async () => {
    const { url } = await startControlApp();
    const comparisons = watchComparisons();
    const startedAt = performance.now();
    const metrics = `${url.replace('ws:', 'http:')}/metrics`;

    const statuses = await Promise.all(
      Array.from({ length: 3 }, async (_, index) => {
        const { status } = await fetch(metrics, { headers: { Authorization: `Bearer a-wrong-guess-${index}` } });
        return status;
      }),
    );
    const answer = await knock(await Client.open(url), { auth: { token: 'a-wrong-guess' } });

    expect(statuses).toEqual([401, 401, 401]);
    expect(answer.error?.details).toEqual({ code: 'AUTH_TOKEN_MISMATCH' });
    expect(comparisons).toHaveLength(4);
    expect(comparisons.length).toBeLessThanOrEqual(mostIn(performance.now() - startedAt));
    expect((await fetch(metrics, { headers: { Authorization: `Bearer ${TOKEN}` } })).status).toBe(200);
  });

  it('is refused, to be tried later, when too many of one address wait', async () => {
    const { url } = await startControlApp();
    const wrong = { auth: { token: 'a-wrong-guess' } };
    await knock(await Client.open(url), wrong);
    const clients = await Promise.all(Array.from({ length: MAX_WAITING + 1 }, () => Client.open(url)));
    const busy = clients.map(async (client) => {
      const { error } = await knock(client, wrong);
      return error?.code === 'UNAVAILABLE' ? { error, client } : new Promise<never>(never);
    });
    busy.forEach((refusal) => void refusal.catch(() => undefined));

    const { error, client } = await within(10_000, 'a refusal', Promise.race(busy));

    expect(error).toMatchObject({ retryable: true, retryAfterMs: 5_000 });
    expect(await client.close()).toEqual({ code: 1013, reason: 'too many attempts' });
  });

  it('is refused over HTTP too, with 429', async () => {
    const { url } = await startControlApp();
    const over = new AbortController();
    const guesses = Array.from({ length: MAX_WAITING + 2 }, async () => {
      const headers = { Authorization: 'Bearer a-wrong-guess' };
      const response = await fetch(`${url.replace('ws:', 'http:')}/metrics`, { headers, signal: over.signal });
      return response.status === 401 ? new Promise<never>(never) : response;
    });
    guesses.forEach((guess) => void guess.catch(() => undefined));

    const busy = await within(10_000, 'a refusal', Promise.race(guesses));
    over.abort();

    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '5']);
  });

  /** Settles for the answers to tokens that were compared, and never for those to whom the gateway was busy. */
  async function onlyWrong(guess: Promise<Response>): Promise<Response> {
    const { error } = await guess;
    return error?.code === 'INVALID_REQUEST' ? guess : new Promise<never>(never);
  }

  function never(): void {
    return undefined;
  }

  function connect(token: string): object {
    const client = { id: 'test', version: '1', platform: 'test', mode: 'backend' };
    return { minProtocol: 3, maxProtocol: 4, client, auth: { token } };
  }
});
