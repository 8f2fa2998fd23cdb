import { createHash, timingSafeEqual } from 'node:crypto';

import type { ClientScope } from '../../options/access.options.js';
import { isGuessable } from './token-strength.js';

/** What a client may do: what its token was given, and never what it says of itself. */
export const SCOPES: readonly ClientScope[] = ['operator.read', 'operator.write', 'operator.admin'];

export interface TokenGrant {
  readonly token: string;
  readonly scopes: readonly ClientScope[];
}

/** The tokens of a gateway, of which only digests are kept. */
export class Tokens {
  /** Whether one of them can be guessed, so that guesses have to be slowed down. */
  readonly areGuessable: boolean;
  readonly #grants: readonly { digest: Buffer; scopes: readonly ClientScope[] }[];

  constructor(grants: readonly TokenGrant[]) {
    this.areGuessable = grants.some(({ token }) => isGuessable(token));
    this.#grants = grants.map(({ token, scopes }) => ({ digest: digestOf(token), scopes }));
  }

  /** What a token is good for; takes as long for a wrong one as for a right one. */
  scopesOf(token: string): readonly ClientScope[] | undefined {
    const digest = digestOf(token);
    let found: readonly ClientScope[] | undefined;
    for (const grant of this.#grants) {
      if (timingSafeEqual(grant.digest, digest)) found ??= grant.scopes;
    }
    return found;
  }
}

/** Digests have one length, which `timingSafeEqual` needs. */
export function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
