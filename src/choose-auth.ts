import { join } from 'node:path';

import { readTokenFile } from './control/access/token-file.js';
import { checkToken } from './control/access/tokens.js';
import type { AuthOptions } from './lock/gateway-lock.options.js';
import { stateFolder } from './profile/state-folder.js';

export const TOKEN_VARIABLE = 'OPENCLAW_GATEWAY_TOKEN';

/** In the state folder. */
const TOKEN_FILE = 'gateway.token';

/**
 * What a gateway asks of its clients: the token that was given, or the one of its state folder.
 *
 * @throws {InputError} a token that is none
 */
export function chooseAuth(flag: string | undefined, environment: NodeJS.ProcessEnv = process.env): AuthOptions {
  const token = givenToken(flag, environment);
  return token === undefined ? { tokenFile: tokenFile(environment) } : { token };
}

/**
 * What a client shows: the token that was given, or the one that a gateway of this user has made.
 *
 * @throws {InputError} a token that is none, or a file that cannot be read
 */
export function findToken(flag: string | undefined, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  return givenToken(flag, environment) ?? readTokenFile(tokenFile(environment));
}

function givenToken(flag: string | undefined, environment: NodeJS.ProcessEnv): string | undefined {
  if (flag !== undefined) return checkToken('--token', flag);
  const variable = environment[TOKEN_VARIABLE];
  return variable === undefined ? undefined : checkToken(TOKEN_VARIABLE, variable);
}

function tokenFile(environment: NodeJS.ProcessEnv): string {
  return join(stateFolder(environment), TOKEN_FILE);
}
