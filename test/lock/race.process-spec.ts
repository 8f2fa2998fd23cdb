import { onCleanUp } from '../kit/cleaner.js';
import { freePort, isFree } from '../kit/ports.js';
import { BIN, fixture, Program } from '../kit/program.js';
import { proven } from '../kit/proven.js';
import { Starters } from '../kit/starters.js';

// More than a full test run has time for, to look for what is rare:
//   RACE_ROUNDS=100000 RACE_GATEWAY_ROUNDS=20 npx jest race
const ROUNDS = roundsFrom('RACE_ROUNDS', 2_000);
const CROWDED_ROUNDS = Math.ceil(ROUNDS / 20);
const GATEWAY_ROUNDS = roundsFrom('RACE_GATEWAY_ROUNDS', 5);
const GATEWAYS = 16;

/** A crowded machine is slow, and how slow is not what is tested. */
const SETUP_MS = 60_000;
const ROUND_MS = 50;
const GATEWAY_ROUND_MS = 60_000;

describe('exactly one, never two, never none', () => {
  it.each([
    [2, 1, ROUNDS],
    [8, 1, CROWDED_ROUNDS],
    [8, 8, CROWDED_ROUNDS],
  ])(
    'of %d processes with %d claims each, released at one instant, in %d rounds',
    async (processes, contenders, rounds) => {
      const port = await freePort();
      const starters = await Starters.launch(fixture('starter'), processes);
      onCleanUp(() => starters.end());
      const refusal = `another gateway instance is already listening on ws://127.0.0.1:${port}`;
      const roundsByWins: Record<number, number> = {};
      const refusals = new Set<string>();

      for (let round = 0; round < rounds; round++) {
        const result = await starters.race(port, { contenders });
        roundsByWins[result.wins] = (roundsByWins[result.wins] ?? 0) + 1;
        result.refusals.forEach((message) => refusals.add(message));
      }

      expect(roundsByWins).toEqual({ 1: rounds });
      expect([...refusals]).toEqual([refusal]);
      proven(`${rounds} rounds of ${processes * contenders} simultaneous claims: one winner in each`);
    },
    SETUP_MS + ROUNDS * ROUND_MS,
  );

  it(
    `of ${GATEWAYS} whole gateways started together, in ${GATEWAY_ROUNDS} rounds`,
    async () => {
      for (let round = 0; round < GATEWAY_ROUNDS; round++) {
        const port = await freePort();
        const gateways = Array.from({ length: GATEWAYS }, () => Program.node(BIN, ['gateway', '--port', port]));

        const outcomes = await Promise.all(gateways.map(outcome));

        const winner = gateways[outcomes.indexOf('ready')];
        const refusals = outcomes.filter((text) => text !== 'ready');
        expect(refusals).toHaveLength(GATEWAYS - 1);
        for (const refusal of refusals) {
          expect(refusal).toMatch(
            new RegExp(`^7[58]: another gateway instance is already listening on ws://127.0.0.1:${port}$`),
          );
        }
        // 75 for a refusal that came before the winner was ready. A holder that is named is the winner; on a busy machine
        // the search for its pid may run out of time, and then the refusal says so.
        for (const [index, { stderr }] of gateways.entries()) {
          if (outcomes[index] === 'ready') continue;
          const state = outcomes[index]?.startsWith('75') ? '(?:starting|does not answer)' : 'ready';
          const name = `(?: pid ${winner?.pid}\\b|does not say who$)`;
          expect(stderr).toMatch(new RegExp(`^ +held by (?=.*\\b${state}\\b).*${name}`, 'm'));
        }
        winner?.signal('SIGTERM');
        expect(await winner?.exit()).toEqual({ code: 0, signal: null });
        expect(await isFree(port)).toBe(true);
      }
      proven(`${GATEWAY_ROUNDS} rounds of ${GATEWAYS} gateways started together: one served, the others left`);
    },
    GATEWAY_ROUNDS * GATEWAY_ROUND_MS,
  );
});

/** `ready`, or the exit code and the first line on stderr. */
async function outcome(gateway: Program): Promise<string> {
  const ready = gateway.output('stdout', /^gateway listening on /m, GATEWAY_ROUND_MS).then(() => 'ready');
  const ended = gateway.exit(GATEWAY_ROUND_MS).then(({ code, signal }) => {
    return `${code ?? signal}: ${gateway.stderr.split('\n')[0]}`;
  });
  // The output of a process that ends never comes, which is an error only where it is waited for.
  return Promise.race([ended, ready.catch(() => ended)]);
}

function roundsFrom(variable: string, usual: number): number {
  const text = process.env[variable] ?? String(usual);
  if (!/^[1-9][0-9]*$/.test(text)) throw new Error(`${variable}: ${JSON.stringify(text)} is not a number of rounds`);
  return Number(text);
}
