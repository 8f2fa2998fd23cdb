import { canRunHere, runHere } from './command.js';
import { BIN, Program, type Result } from './program.js';

export type { Result };

/** `openclaw gateway` with these arguments, which has to end by itself: a start in a process of its own. */
export async function openclaw(...args: readonly (string | number)[]): Promise<Result> {
  return canRunHere(args) ? runHere(['gateway', ...args]) : openclawProcess(...args);
}

/** The same with no token but the one that the arguments give, for a command that may run in the process of the tests. */
export function openclawWithoutToken(...args: readonly (string | number)[]): Promise<Result> {
  return runHere(['gateway', ...args], { OPENCLAW_GATEWAY_TOKEN: undefined });
}

/** `openclaw gateway` with these arguments, in a process of its own whatever it is. */
export async function openclawProcess(...args: readonly (string | number)[]): Promise<Result> {
  return Program.node(BIN, ['gateway', ...args]).result();
}

const ATTEMPTS = 10;

/** What a verdict says that has run out of time, unless the test expects it. */
const UNDECIDED = /does not answer|"verdict":"stalled"|ETIMEDOUT/;

/** Where what the test expects names the process: a verdict in whose time the system has not told which one it is. */
export const UNNAMED = /the operating system does not say|by its own account/;
/** The same in JSON. */
export const UNOWNED = /^(?![^]*"owner":)/;
/** The same in the JSON of `--deep`, which asks the gateway too. */
export const UNSEEN = /"owner":null|"live":null|^(?![^]*"owner":)/;

/**
 * Asks again while the answer is that nothing could be learned of the holder in the 500 ms of a verdict, as on a busy
 * machine, and says so in the output of the run: on an idle machine it is a fault. For tests of what a verdict says, not
 * of how soon it comes, and for commands that change nothing: a second one would find what the first has done.
 */
export async function decided(ask: () => Promise<Result>, undecided = UNDECIDED): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    const result = await ask();
    const output = result.stdout + result.stderr;
    if (!undecided.test(output) || attempt === ATTEMPTS) return result;
    console.warn(`a verdict ran out of time, and is asked for again: ${output}`);
  }
}

export const parse = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;
