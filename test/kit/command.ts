import os from 'node:os';

import { runCommandLine } from '../../src/cli/command-line.js';
import { OPENCLAW } from '../../src/cli/openclaw.js';
import { describeError, exitCodeOf } from '../../src/process/exit-code.js';
import type { Result } from './program.js';
import { tempFolder } from './temp.js';
import { TOKEN } from './token.js';

/** Those that ask a gateway or end it, and start no process. */
const QUICK = ['call', 'health', 'ports', 'status', 'stop'];
let isUnderWay = false;

/**
 * Whether a command may run in the process of the tests, which saves the start of one of its own. There it runs alone,
 * since its output and its variables are those of the process.
 *
 * @param args what follows `openclaw`
 * @param env NODE_OPTIONS in it are for a process that starts with them
 */
export function canRunHere(args: readonly (string | number)[], env: NodeJS.ProcessEnv = {}): boolean {
  return !isUnderWay && env['NODE_OPTIONS'] === undefined && args.some((arg) => QUICK.includes(String(arg)));
}

/**
 * Runs `openclaw <args>` in this process, with the home and the variables that a process of its own would have.
 *
 * @throws {Error} another one is under way
 */
export async function runHere(
  args: readonly (string | number)[],
  { HOME = tempFolder(), ...env }: NodeJS.ProcessEnv = {},
): Promise<Result> {
  if (isUnderWay) throw new Error('another command is under way in this process');
  isUnderWay = true;
  const written = { stdout: '', stderr: '' };
  const { PATH } = process.env;
  const replaced = [
    jest.replaceProperty(process, 'env', { PATH, HOME, OPENCLAW_GATEWAY_TOKEN: TOKEN, ...env }),
    // The system's own answer is that of the environment in which this process was started.
    mocked(jest.spyOn(os, 'homedir').mockReturnValue(HOME)),
    ...(['stdout', 'stderr'] as const).map((stream) =>
      mocked(
        jest.spyOn(process[stream], 'write').mockImplementation((text) => {
          written[stream] += String(text);
          return true;
        }),
      ),
    ),
  ];
  try {
    const code = await runCommandLine(args.map(String), OPENCLAW);
    return { code, ...written };
  } catch (error) {
    // As the script of the command has it.
    return { code: exitCodeOf(error), stdout: written.stdout, stderr: `${written.stderr}${describeError(error)}\n` };
  } finally {
    replaced.forEach(({ restore }) => restore());
    isUnderWay = false;
  }
}

const mocked = (spy: jest.SpyInstance): { restore: () => void } => ({ restore: () => spy.mockRestore() });
