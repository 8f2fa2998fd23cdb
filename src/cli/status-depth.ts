import { printable } from '../common/printable.js';
import type { Settings } from '../config/choose-settings.js';
import { findToken } from '../config/choose-token.js';
import { GatewayCallError } from '../control/client/gateway-call.error.js';
import type { Status } from '../control/methods/operator-methods.js';
import type { Advice } from '../holder/advise-on-holder.js';
import { examinePort, type PortExamination } from '../holder/port-statistics.js';
import { isOwn } from '../holder/who-holds.js';
import type { Holder } from '../listener/holder.js';
import { readProofSecret } from '../state-folder/proof-secret.js';

/** How long a gateway that shows its card may take to say more, in milliseconds. */
const ASK_TIMEOUT_MS = 1_000;

/** What is only in there with `--deep`. */
export interface Depth {
  readonly addresses?: readonly PortExamination[];
  /** What the gateway says of itself to a client with its token; `null` where it was not asked, or did not say. */
  readonly live?: Status | null;
  /** Why it did not, where it was asked; one line. */
  readonly liveProblem?: string | null;
}

export async function deepLook(holder: Holder, settings: Settings): Promise<Depth> {
  const { host, port } = settings;
  // First: the connection that asks is not to be counted.
  const addresses = await examinePort(host, port);
  return { addresses, ...(await askIfReady(holder, settings)) };
}

async function askIfReady(holder: Holder, settings: Settings): Promise<Pick<Depth, 'live' | 'liveProblem'>> {
  const { verdict, url } = holder;
  // A card can say anything, also in the place of this user's gateway.
  if (verdict !== 'ready' || !isOwn(holder)) return { live: null, liveProblem: null };
  // Only now, since it loads `ws`, which no other status needs.
  const { callGateway } = await import('../control/client/call-gateway.js');
  try {
    const token = findToken(settings);
    const ownOnly = { secret: readProofSecret(settings.profile.stateFolder) };
    const live = (await callGateway({
      url,
      token,
      method: 'status',
      timeoutMs: ASK_TIMEOUT_MS,
      ownOnly,
      direct: true,
    })) as Status;
    return { live, liveProblem: null };
  } catch (error) {
    return { live: null, liveProblem: error instanceof GatewayCallError ? error.message : 'its token cannot be read' };
  }
}

/** What was found closer, as rows of a page. */
export function depthRows({ addresses = [], live, liveProblem }: Depth): Advice[] {
  return [
    ...addresses.map(addressRow),
    ...(live ? [['clients', `${printable(String(live.clients))}, with this command`] as const] : []),
    ...(typeof liveProblem === 'string' ? [['not told', liveProblem] as const] : []),
  ];
}

function addressRow({ url, owner, established }: PortExamination): Advice {
  const who = owner ? `pid ${owner.pid}, ${owner.command ?? 'unknown command'}` : 'no process, or it cannot be seen';
  return ['address', `${url}: ${who}; ${established} established connections`];
}
