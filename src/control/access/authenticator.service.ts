import { setTimeout as delay } from 'node:timers/promises';

import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';

import { GATEWAY_LOCK_SETTINGS } from '../../options/gateway-lock.module-definition.js';
import type { ClientScope } from '../../options/access.options.js';
import type { GatewayLockSettings } from '../../options/gateway-lock.options.js';
import { InputError } from '../../common/input.error.js';
import type { ConnectionEnds } from '../../holder/connection-user.js';
import { callerOf } from './caller.js';
import { GuessBudget, type Judgement } from './guess-budget.js';
import { refusePublicBindWithoutToken } from './public-bind.js';
import { SocketUsers } from './socket-user.js';
import { checkToken, obtainTokenFile } from './token-file.js';
import { digestOf, SCOPES, Tokens, type TokenGrant } from './compare-token.js';

/** How long a caller waits for the answer to a token that was not compared. */
const BUSY_MS = 500;

const GUESSABLE =
  'the token of this gateway can be guessed, so callers may try only four in a second, and one that guesses can keep others of its address out: give one of 32 random hex digits or more, or none, and the gateway makes one';

/** What became of a token that was shown. */
export type TokenJudgement = Judgement<readonly ClientScope[]>;

/** Knows the tokens of the gateway, and what each is good for. */
@Injectable()
export class Authenticator implements OnApplicationBootstrap {
  readonly #logger = new Logger('gateway/access');
  readonly #budget = new GuessBudget<readonly ClientScope[]>();
  readonly #users = new SocketUsers();
  #tokens = new Tokens([]);

  constructor(@Inject(GATEWAY_LOCK_SETTINGS) private readonly settings: GatewayLockSettings) {
    const { protocol, auth, host, listener } = settings;
    if (protocol !== 'openclaw') return;
    for (const { token } of this.#given) checkToken('auth: a token', token);
    if (this.#given.length > 0) return;
    if (auth.tokenFile === undefined) {
      throw new InputError("protocol 'openclaw' needs a token: give auth.token, auth.tokens or auth.tokenFile");
    }
    refusePublicBindWithoutToken(listener ? listener.addresses.map((address) => address.host) : [host]);
  }

  /** Makes the token file here and not earlier, since only the holder of the lock may write. */
  onApplicationBootstrap(): void {
    const { protocol, auth } = this.settings;
    if (protocol !== 'openclaw') return;
    const grants = this.#given;
    this.#tokens = new Tokens(
      grants.length > 0 ? grants : [{ token: obtainTokenFile(auth.tokenFile ?? ''), scopes: SCOPES }],
    );
    if (this.#tokens.areGuessable) this.#logger.warn(GUESSABLE);
  }

  /**
   * What a token is good for. Only the callers of a gateway whose token can be guessed are told apart and slowed down; a
   * process that can read the token anyway never is.
   *
   * @param ends of the connection over which it was shown
   */
  async judge(ends: ConnectionEnds, token: string): Promise<TokenJudgement> {
    if (!this.#tokens.areGuessable) return this.#compare(token);
    const digest = digestOf(token).toString('base64');
    if (this.#budget.isKnownWrong(digest)) return { kind: 'wrong' };
    const { name, isTrusted } = await callerOf(ends, this.#users);
    if (isTrusted) return this.#compare(token);
    const verdict = this.#budget.judge(name, digest, () => this.#tokens.scopesOf(token));
    // A caller that is told at once tries again at once. Each of its connections is a row of the table in which the user
    // of the next one is looked up: the owner of the gateway would wait while a long table is read.
    if (verdict.kind === 'busy') await delay(BUSY_MS);
    return verdict;
  }

  #compare(token: string): TokenJudgement {
    const value = this.#tokens.scopesOf(token);
    return value ? { kind: 'right', value } : { kind: 'wrong' };
  }

  get #given(): readonly TokenGrant[] {
    const { token, tokens = [] } = this.settings.auth;
    return token === undefined ? tokens : [{ token, scopes: SCOPES }, ...tokens];
  }
}
