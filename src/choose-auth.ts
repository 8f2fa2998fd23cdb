import { join } from 'node:path';

import { readTokenFile } from './control/access/token-file.js';
import { checkToken } from './control/access/tokens.js';
import type { AuthOptions } from './lock/gateway-lock.options.js';
import type { Profile } from './profile/profile.js';

const TOKEN_VARIABLE = 'OPENCLAW_GATEWAY_TOKEN';

/** In the state folder. */
const TOKEN_FILE = 'gateway.token';

/** Where a token can be given; the first one that there is counts. */
export interface GivenTokens {
  readonly flag?: string | undefined;
  /** In the configuration file. */
  readonly configured?: string | undefined;
}

/**
 * What a gateway asks of its clients: the token that was given, or the one of its state folder.
 *
 * @throws {InputError} a token that is none
 */
export function chooseAuth(given: GivenTokens, { stateFolder }: Profile, environment = process.env): AuthOptions {
  const token = givenToken(given, environment);
  return token === undefined ? { tokenFile: join(stateFolder, TOKEN_FILE) } : { token };
}

/**
 * What a client shows: the token that was given, or the one that a gateway of this user has made.
 *
 * @throws {InputError} a token that is none, or a file that cannot be read
 */
export function findToken(given: GivenTokens, { stateFolder }: Profile, environment = process.env): string | undefined {
  return givenToken(given, environment) ?? readTokenFile(join(stateFolder, TOKEN_FILE));
}

/**
 * As {@link findToken}, for whoever may do without: a token that was given is looked at now, the file when it is needed.
 *
 * @throws {InputError} a token that is none
 */
export function tokenFinder(given: GivenTokens, profile: Profile): () => string | undefined {
  givenToken(given, process.env);
  return () => findToken(given, profile);
}

function givenToken({ flag, configured }: GivenTokens, environment: NodeJS.ProcessEnv): string | undefined {
  if (flag !== undefined) return checkToken('--token', flag);
  const variable = environment[TOKEN_VARIABLE];
  return variable === undefined ? configured : checkToken(TOKEN_VARIABLE, variable);
}
