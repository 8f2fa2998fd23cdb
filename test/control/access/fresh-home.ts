import { join } from 'node:path';

import { canRunHere, runHere } from '../../kit/command.js';
import { BIN, Program, type Result, type StartOptions } from '../../kit/program.js';
import { tempFolder } from '../../kit/temp.js';

/** A token that no output may show. */
export const SECRET = 'a-secret-that-shows-nowhere';

export interface FreshHome {
  readonly options: StartOptions;
  /** The state folder, which is not there yet. */
  readonly folder: string;
  /** The token file in it. */
  readonly file: string;
}

/** A user of whom no gateway knows yet. */
export function freshHome(): FreshHome {
  const home = tempFolder();
  const folder = join(home, '.openclaw');
  return {
    options: { env: { HOME: home, OPENCLAW_GATEWAY_TOKEN: undefined } },
    folder,
    file: join(folder, 'gateway.token'),
  };
}

/** `openclaw gateway` with these arguments, which has to end by itself; in the process of the tests where it may. */
export async function run(args: readonly (string | number)[], options: StartOptions = {}): Promise<Result> {
  if (canRunHere(args)) return runHere(['gateway', ...args], options.env);
  return Program.node(BIN, ['gateway', ...args], options).result();
}
