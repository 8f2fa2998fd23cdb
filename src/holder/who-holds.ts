import type { Holder, PortOwner, Verdict } from '../listener/holder.js';
import type { Endpoint } from '../listener/endpoint.js';
import { UNKNOWN_ADDRESS } from '../listener/gateway-lock.error.js';
import { gatewayUrl } from '../listener/listen-address.js';
import { isAlive } from '../common/is-alive.js';
import { findPortOwner, findSocketOwner } from './port-owner.js';
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
 * Asks a port or a local socket that could not be bound, and the operating system about it, who holds it. Never rejects.
 *
 * @param endpoint with `localhost` or an IP address of this machine for a host
 */
export async function whoHolds(
  endpoint: Endpoint,
  { timeoutMs = DEFAULT_TIMEOUT_MS }: WhoHoldsOptions = {},
): Promise<Holder> {
  const deadline = performance.now() + timeoutMs;
  let view = await look(endpoint, deadline, Math.min(HEAD_START_MS, timeoutMs / 2));
  if (isDoubtful(view)) {
    const again = await look(endpoint, deadline, timeoutMs);
    if (settles(again, view)) view = again;
  }
  const { owner, url } = view;
  const judged = judge(view, endpoint);
  const { card } = judged;
  // Of a local socket, the card alone says where its gateway listens.
  return { ...judged, url: 'socketPath' in endpoint && card ? card.url : url, ...(owner !== 'unknown' && { owner }) };
}

interface Asked {
  readonly answer: CardAnswer;
  readonly url: string;
}

/** What the port said, and what the operating system did. */
interface View extends Asked {
  readonly owner: PortOwner | 'unknown';
}

async function look(endpoint: Endpoint, deadline: number, headStartMs: number): Promise<View> {
  if ('socketPath' in endpoint) {
    const { socketPath } = endpoint;
    return sight(askSocket(endpoint, deadline), headStartMs, (hint) => findSocketOwner(socketPath, deadline, hint));
  }
  const { host, port } = endpoint;
  return sight(ask(host, port, deadline), headStartMs, (hint) => findPortOwner(host, port, deadline, hint));
}

async function sight(
  asking: Promise<Asked>,
  headStartMs: number,
  findOwner: (hint: Promise<number | undefined>) => Promise<PortOwner | 'unknown'>,
): Promise<View> {
  const [asked, owner] = await Promise.all([asking, findOwner(pidSaidWithin(headStartMs, asking))]);
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
async function ask(host: string, port: number, deadline: number): Promise<Asked> {
  const [first = host, ...others] = hostsToAsk(host);
  let url = gatewayUrl(first, port);
  let answer = await readCard({ host: first, port }, deadline);
  for (const other of others) {
    if (answer.kind !== 'refused') break;
    const next = await readCard({ host: other, port }, deadline);
    if (next.kind === 'refused') continue;
    answer = next;
    url = gatewayUrl(other, port);
  }
  return { answer, url };
}

async function askSocket(endpoint: Endpoint, deadline: number): Promise<Asked> {
  const answer = await readCard(endpoint, deadline);
  // All that can be checked where the operating system does not say whose socket it is.
  const isLie = process.platform !== 'linux' && answer.kind === 'card' && !isAlive(answer.card.pid);
  return { answer: isLie ? { kind: 'stranger' } : answer, url: UNKNOWN_ADDRESS };
}

async function pidSaidWithin(ms: number, asking: Promise<Asked>): Promise<number | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  const asked = await Promise.race([asking, late]);
  clearTimeout(timer);
  return asked?.answer.kind === 'card' ? asked.answer.card.pid : undefined;
}

function judge({ answer, owner }: View, endpoint: Endpoint): Pick<Holder, 'verdict' | 'card'> {
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
      return {
        verdict: 'host' in endpoint && isWildcard(endpoint.host) && owner !== 'unknown' ? 'foreign' : 'blocked',
      };
  }
}

function contradicts(owner: PortOwner | 'unknown', answer: CardAnswer): boolean {
  if (owner === 'unknown' || answer.kind !== 'card') return false;
  const { pid } = answer.card;
  return owner.pid !== pid && !owner.pidsInNamespaces.includes(pid);
}
