import { within } from '../common/deadline.js';
import { isAlive } from '../common/process-files.js';
import type { Endpoint, HostPort } from '../listener/endpoint.js';
import { UNKNOWN_ADDRESS } from '../listener/gateway-lock.error.js';
import type { Holder, Ownership, PortOwner } from '../listener/holder.js';
import { addressOfUrl, gatewayUrl, isWildcard } from '../listener/listen-address.js';
import { contradicts } from './card.js';
import { findPortOwner, findSocketOwner, isPidOfGateway, userOfPort, type PortUser } from './port-owner.js';
import type { PidHint } from './port-owner-linux.js';
import { readCard, type CardAnswer, type Question } from './read-card.js';
import { hostsToAsk } from './serving-address.js';
import { findWaitingManager } from './waiting-manager.js';

/** How a holder is asked for. */
export interface WhoHoldsOptions {
  /**
   * How long the whole verdict may take, in milliseconds.
   * @default 500
   */
  readonly timeoutMs?: number;
  /**
   * The secret of a state folder of this user. A holder that knows it too has proven whose it is.
   * @default none: the operating system alone tells whose socket it is
   */
  readonly secret?: string | undefined;
  /**
   * Whether `same user` also means that a process of this user has accepted the connection, where the holder proves
   * nothing: the listener may have been passed on to another user. The kernel takes milliseconds to tell. A refused start
   * shows the holder nothing, and need not know.
   * @default true
   */
  readonly asksAccepter?: boolean;
}

const DEFAULT_TIMEOUT_MS = 500;
/**
 * How long a verdict may take for an operator who asks about a gateway, or stops it, in milliseconds: on a busy machine the
 * 500 ms of a refused start are not always enough.
 */
export const UNHURRIED_MS = 2_000;
/** A healthy gateway answers sooner, and its card makes the search for its process short. */
const HEAD_START_MS = 100;

/**
 * Finds out who holds a port, or a local socket. It asks what listens there for its card, and the operating system for
 * its process. A gateway is only believed where the two do not contradict each other. Never rejects.
 *
 * Every process can show a card, send a header or take a title. So verdicts that rest on these alone decide about what
 * to say and whom to wait for; what would be shown or sent to the holder depends on its `ownership`.
 *
 * A port that is free has the verdict `blocked`: ask only about one that could not be bound.
 *
 * @param endpoint its host is `localhost`, or an IP address of this machine
 *
 * @example
 * const { verdict, card } = await whoHolds({ host: '127.0.0.1', port: 18789 });
 * if (verdict === 'ready') console.log(`a gateway is there, pid ${card?.pid}`);
 */
export async function whoHolds(
  endpoint: Endpoint,
  { timeoutMs = DEFAULT_TIMEOUT_MS, secret, asksAccepter = true }: WhoHoldsOptions = {},
): Promise<Holder> {
  const deadline = performance.now() + timeoutMs;
  const waiting = 'host' in endpoint && (await findWaitingManager(endpoint.host, endpoint.port, deadline));
  if (waiting) return heldForLater(endpoint, waiting);
  const question = { deadline, secret, asksAccepter };
  let view = await look(endpoint, question, Math.min(HEAD_START_MS, timeoutMs / 2));
  if (isDoubtful(view)) {
    const again = await look(endpoint, question, timeoutMs);
    if (settles(again, view)) view = again;
  }
  const { answer, owner, url } = view;
  const { ownership, user } = ownershipOf(view, endpoint);
  const judged = judge(view, endpoint, ownership);
  const { card } = judged;
  return {
    ...judged,
    // The gateway behind a local socket listens elsewhere, and only its card says where.
    url: 'socketPath' in endpoint && card ? card.url : url,
    ownership,
    ...(owner !== 'unknown' && { owner }),
    ...(user !== undefined && { user }),
    ...(answer.kind === 'unknown' && { errno: answer.errno }),
    ...(answer.kind === 'refusal' && { refusal: answer.reason }),
    ...(owner === 'unknown' && card && !isPidOfGateway(card.pid) && { isPidForeign: true }),
  };
}

/** A service manager that waits is not connected to: that would start its service. */
function heldForLater({ host, port }: HostPort, owner: PortOwner): Holder {
  const [first = host] = hostsToAsk(host);
  return { verdict: 'waiting', url: gatewayUrl(first, port), ...userOfPort(host, port), owner };
}

type Judgement = Pick<Holder, 'verdict' | 'card' | 'passesOn' | 'isOpenClaw'>;

interface Asked {
  readonly answer: CardAnswer;
  readonly url: string;
}

/** What the port answered, and what the operating system says about it. */
interface View extends Asked {
  readonly owner: PortOwner | 'unknown';
}

/** Whether the holder belongs to this user, as far as that is certain. */
export function isOwn({ ownership }: Pick<Holder, 'ownership'>): boolean {
  return ownership === 'proven' || ownership === 'same user';
}

function ownershipOf({ answer, owner, url }: View, endpoint: Endpoint): PortUser {
  if (answer.kind === 'card') {
    if (answer.isProven) return { ownership: 'proven' };
    // A tunnel of this user shows the card of a gateway that may be another user's.
    const mayBeTunnel = owner === 'unknown' && answer.accepter?.ownership === 'same user';
    if (answer.accepter) return mayBeTunnel ? { ownership: 'unknown' } : answer.accepter;
  }
  // The table of Unix sockets has no users.
  if ('socketPath' in endpoint) return { ownership: 'unknown' };
  const { host, port } = isWildcard(endpoint.host) ? endpoint : addressOfUrl(url);
  return userOfPort(host, port);
}

async function look(endpoint: Endpoint, question: Question, headStartMs: number): Promise<View> {
  const { deadline } = question;
  if ('socketPath' in endpoint) {
    const { socketPath } = endpoint;
    return bothViews(askSocket(endpoint, question), headStartMs, (hint) => findSocketOwner(socketPath, deadline, hint));
  }
  const { host, port } = endpoint;
  return bothViews(askPort(host, port, question), headStartMs, (hint) => findPortOwner(host, port, deadline, hint));
}

async function bothViews(
  asking: Promise<Asked>,
  headStartMs: number,
  findOwner: (hint: PidHint) => Promise<PortOwner | 'unknown'>,
): Promise<View> {
  let pidOnCard: number | undefined;
  const noted = asking.then((asked) => {
    if (asked.answer.kind === 'card') pidOnCard = asked.answer.card.pid;
    return asked;
  });
  await within(noted, headStartMs);
  // On a busy machine the card comes while the search is under way, which it then ends.
  const [asked, owner] = await Promise.all([noted, findOwner(() => pidOnCard)]);
  return { ...asked, owner };
}

/**
 * Whether the port and the operating system may have told of different holders, or the holder is gone: a gateway that
 * ends hangs up on a process that has just connected, and another gateway may then take the port. Or they told of
 * different processes of one holder: its socket was inherited, and its card came too late to look at that process first.
 */
function isDoubtful({ answer, owner }: View): boolean {
  if (answer.kind === 'stranger' || answer.kind === 'closed') return owner === 'unknown' || owner.isGateway;
  return isContradicted(owner, answer);
}

/**
 * Whether a second look decides. It does not where the process that the first look found was not found again in time: a
 * stranger that shows a card could bring that about, by answering late.
 */
function settles({ answer, owner }: View, first: View): boolean {
  if (answer.kind !== 'card') return answer.kind === 'refused';
  return !isContradicted(owner, answer) && (owner !== 'unknown' || first.owner === 'unknown');
}

/** The answer of the first address that does not refuse the connection. */
async function askPort(host: string, port: number, question: Question): Promise<Asked> {
  const [first = host, ...others] = hostsToAsk(host);
  let url = gatewayUrl(first, port);
  let answer = await readCard({ host: first, port }, question);
  for (const other of others) {
    if (answer.kind !== 'refused') break;
    const next = await readCard({ host: other, port }, question);
    if (next.kind === 'refused') continue;
    answer = next;
    url = gatewayUrl(other, port);
  }
  return { answer, url };
}

async function askSocket(endpoint: Endpoint, question: Question): Promise<Asked> {
  const answer = await readCard(endpoint, question);
  // Only Linux says whose socket it is; elsewhere, that the process on the card runs is all that can be checked.
  const isLie = process.platform !== 'linux' && answer.kind === 'card' && !isAlive(answer.card.pid);
  return { answer: isLie ? { kind: 'stranger' } : answer, url: UNKNOWN_ADDRESS };
}

function judge({ answer, owner }: View, endpoint: Endpoint, ownership: Ownership): Judgement {
  const isGateway = owner !== 'unknown' && owner.isGateway;
  switch (answer.kind) {
    case 'card':
      if (isContradicted(owner, answer)) return { verdict: 'foreign', passesOn: true };
      return { verdict: answer.card.phase, card: answer.card };
    case 'stranger':
      return isGateway ? { verdict: 'foreign', isOpenClaw: true } : { verdict: 'foreign' };
    case 'refusal':
      return isGateway ? { verdict: 'stalled' } : { verdict: 'foreign', passesOn: true };
    case 'closed':
      // Without a free descriptor, Node accepts a connection only to close it at once (uv__emfile_trick in libuv).
      return { verdict: isGateway && ownership !== 'other user' ? 'stalled' : 'foreign' };
    case 'silent':
      return { verdict: owner === 'unknown' || isGateway ? 'stalled' : 'foreign' };
    case 'refused':
      // Something listens on another address than loopback alone, which no gateway does.
      return {
        verdict: 'host' in endpoint && isWildcard(endpoint.host) && owner !== 'unknown' ? 'foreign' : 'blocked',
      };
    case 'unknown':
      return { verdict: 'unknown' };
  }
}

function isContradicted(owner: PortOwner | 'unknown', answer: CardAnswer): boolean {
  return owner !== 'unknown' && answer.kind === 'card' && contradicts(owner, answer.card);
}
