import type { Holder, PortOwner, Verdict } from '../lock/listener/holder.js';
import { gatewayUrl } from '../lock/listener/listen-address.js';
import { findPortOwner } from './port-owner.js';
import { readCard, type CardAnswer } from './read-card.js';
import { hostsToAsk, isWildcard } from './serving-address.js';

export type { Holder, Verdict };

export interface WhoHoldsOptions {
  /**
   * For the whole verdict, in milliseconds.
   * @default 500
   */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 500;
/** A gateway in health answers sooner, and its card makes the search for its process short. Milliseconds. */
const HEAD_START_MS = 100;

/**
 * Asks a port that could not be bound, and the operating system about it, who holds it. Never rejects.
 *
 * @param address `localhost` or an IP address of this machine, and a port
 */
export async function whoHolds(
  { host, port }: { readonly host: string; readonly port: number },
  { timeoutMs = DEFAULT_TIMEOUT_MS }: WhoHoldsOptions = {},
): Promise<Holder> {
  const deadline = performance.now() + timeoutMs;
  let view = await look(host, port, deadline, Math.min(HEAD_START_MS, timeoutMs / 2));
  if (isDoubtful(view)) {
    const again = await look(host, port, deadline, timeoutMs);
    if (settles(again, view)) view = again;
  }
  const { owner, url } = view;
  return { ...judge(view, host), url, ...(owner !== 'unknown' && { owner }) };
}

/** What the port said, and what the operating system did. */
interface View {
  readonly answer: CardAnswer;
  readonly url: string;
  readonly owner: PortOwner | 'unknown';
}

async function look(host: string, port: number, deadline: number, headStartMs: number): Promise<View> {
  const asking = ask(host, port, deadline);
  const hint = pidSaidWithin(headStartMs, asking);
  const [asked, owner] = await Promise.all([asking, findPortOwner(host, port, deadline, hint)]);
  return { ...asked, owner };
}

/**
 * Whether the two sights may be of different holders, or of none any more: a gateway that ends hangs up on whoever has
 * just connected, and another one may have taken the port between the two looks. Or of different processes of one
 * holder, where the socket was inherited and the card came too late to look at the right one first.
 */
function isDoubtful({ answer, owner }: View): boolean {
  if (answer.kind === 'stranger') return owner === 'unknown' || owner.isGateway;
  return contradicts(owner, answer);
}

/** Whether a second look says more; not so if it has only run out of time, which a liar could bring about. */
function settles({ answer, owner }: View, first: View): boolean {
  if (answer.kind !== 'card') return answer.kind === 'refused';
  return !contradicts(owner, answer) && (owner !== 'unknown' || first.owner === 'unknown');
}

/** The answer of the first address on which there is somebody. */
async function ask(host: string, port: number, deadline: number): Promise<{ answer: CardAnswer; url: string }> {
  const [first = host, ...others] = hostsToAsk(host);
  let url = gatewayUrl(first, port);
  let answer = await readCard(first, port, deadline);
  for (const other of others) {
    if (answer.kind !== 'refused') break;
    const next = await readCard(other, port, deadline);
    if (next.kind === 'refused') continue;
    answer = next;
    url = gatewayUrl(other, port);
  }
  return { answer, url };
}

async function pidSaidWithin(ms: number, asking: Promise<{ answer: CardAnswer }>): Promise<number | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  const asked = await Promise.race([asking, late]);
  clearTimeout(timer);
  return asked?.answer.kind === 'card' ? asked.answer.card.pid : undefined;
}

function judge({ answer, owner }: View, host: string): Pick<Holder, 'verdict' | 'card'> {
  switch (answer.kind) {
    case 'card':
      if (contradicts(owner, answer)) return { verdict: 'foreign' };
      return { verdict: answer.card.phase, card: answer.card };
    case 'stranger':
      return { verdict: 'foreign' };
    case 'silent':
      return { verdict: owner === 'unknown' || owner.isGateway ? 'stalled' : 'foreign' };
    case 'refused':
      // Somebody listens on another address than loopback, as no gateway does.
      return { verdict: isWildcard(host) && owner !== 'unknown' ? 'foreign' : 'blocked' };
  }
}

function contradicts(owner: PortOwner | 'unknown', answer: CardAnswer): boolean {
  if (owner === 'unknown' || answer.kind !== 'card') return false;
  const { pid } = answer.card;
  return owner.pid !== pid && !owner.pidsInNamespaces.includes(pid);
}
