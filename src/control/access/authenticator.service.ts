import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';

import { GATEWAY_LOCK_SETTINGS } from '../../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../../options/gateway-lock.options.js';
import { InputError } from '../../common/input.error.js';
import { ANCHOR_HOST } from '../../listener/listen-address.js';
import { AttemptGate, type AttemptOutcome } from './attempt-gate.js';
import { checkToken } from './check-token.js';
import { refusePublicBindWithoutToken } from './public-bind.js';
import { obtainTokenFile } from './token-file.js';
import { SCOPES, Tokens, type Scope, type TokenGrant } from './tokens.js';

/** Knows the tokens of the gateway, and what each is good for. */
@Injectable()
export class Authenticator implements OnApplicationBootstrap {
  readonly #attempts = new AttemptGate();
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
  }

  /** What a token is good for, in the turn of whoever presents it. */
  scopesOf(address: string, token: string, isGone: () => boolean): Promise<AttemptOutcome<readonly Scope[]>> {
    return this.#attempts.attempt(callerAt(address), () => this.#tokens.scopesOf(token), isGone);
  }

  get #given(): readonly TokenGrant[] {
    const { token, tokens = [] } = this.settings.auth;
    return token === undefined ? tokens : [{ token, scopes: SCOPES }, ...tokens];
  }
}

/** All of 127.0.0.0/8 is this machine, which could else guess from one address after the other, each time the first. */
function callerAt(address: string): string {
  return address.replace(/^(?:::ffff:)?127\..+$/, ANCHOR_HOST);
}
