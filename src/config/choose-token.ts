import { join, resolve } from 'node:path';

import { readNamedSecret } from '../common/named-secret.js';
import { checkToken, readTokenFile } from '../control/access/token-file.js';
import type { Place } from './place.js';
import type { Profile } from './profile.js';

export const TOKEN_VARIABLE = 'OPENCLAW_GATEWAY_TOKEN';
export const TOKEN_FILE_VARIABLE = 'OPENCLAW_GATEWAY_TOKEN_FILE';

/** In the state folder. */
const TOKEN_FILE = 'gateway.token';

/** The flags that give a token, as they were typed. */
export interface TokenFlags {
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
}

/**
 * The token for a client: the one that was given, or the one that a gateway of this user has made.
 *
 * @throws {NotAllowedError} another user owns the file or may write it, or this user may not read it
 * @throws {InputError} the file cannot be read, or holds no token
 */
export function findToken({
  profile,
  token,
}: {
  readonly profile: Profile;
  readonly token: string | undefined;
}): string | undefined {
  return token ?? readTokenFile(tokenFileOf(profile));
}

/**
 * The tokens that flags and variables give, themselves or in a file that they name.
 *
 * @param nameVariable the name of a variable in errors
 * @throws {NotAllowedError} such a file is neither this user's nor root's, others may write it, or this user may not
 * read it
 * @throws {InputError} such a file is missing, or cannot be read
 */
export function givenTokens(
  { token, tokenFile }: TokenFlags,
  environment: NodeJS.ProcessEnv,
  nameVariable: (variable: string) => string = (variable) => variable,
): readonly Place<string>[] {
  return [
    { source: '--token', value: token },
    tokenIn('--token-file', tokenFile),
    { source: nameVariable(TOKEN_VARIABLE), value: environment[TOKEN_VARIABLE] },
    tokenIn(nameVariable(TOKEN_FILE_VARIABLE), environment[TOKEN_FILE_VARIABLE]),
  ];
}

function tokenIn(source: string, path: string | undefined): Place<string> {
  if (path === undefined) return { source, value: undefined };
  const file = resolve(path);
  return { source: `${source}: ${file}`, value: readNamedSecret(source, file, 'a token') };
}

/** @throws {InputError} one of the values is not a token, even one that does not count */
export function chooseToken(...places: readonly Place<string>[]): string | undefined {
  const tokens = places.map(({ source, value }) => (value === undefined ? undefined : checkToken(source, value)));
  return tokens.find((token) => token !== undefined);
}

/** The file that a gateway of this profile makes for its token. */
export function tokenFileOf({ stateFolder }: Profile): string {
  return join(stateFolder, TOKEN_FILE);
}
