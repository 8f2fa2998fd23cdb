import type { Settings } from '../config/choose-settings.js';
import { findToken } from '../config/choose-token.js';
import { callGateway, type CallOptions } from '../control/client/call-gateway.js';
import { isMeant } from '../holder/stop-holder.js';
import { readProofSecret } from '../state-folder/proof-secret.js';

/**
 * Has the gateway of a profile do something. Only that one is asked: another may have taken its port since it was looked up.
 *
 * @param url where it is
 * @param instanceId the one on its card; undefined where any gateway of this user is meant
 * @throws {GatewayCallError} it was not asked, or has refused
 * @throws {InputError | NotAllowedError} the token is in a file that cannot be used
 */
export async function order(
  settings: Settings,
  { url, instanceId }: { readonly url: string; readonly instanceId: string | undefined },
  what: Required<Pick<CallOptions, 'method' | 'params' | 'timeoutMs'>>,
): Promise<void> {
  await callGateway({
    ...what,
    url,
    token: findToken(settings),
    ownOnly: {
      secret: readProofSecret(settings.profile.stateFolder),
      isMeant: ({ card }) => isMeant(card, instanceId),
    },
    direct: true,
  });
}
