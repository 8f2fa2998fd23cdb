import { isWholeNumber } from '../common/whole-number.js';
import type { FleetOnCard, GatewayCard, PortOwner } from '../listener/holder.js';

/** Where every gateway answers with its {@link GatewayCard}, in every phase. */
export const CARD_PATH = '/.well-known/gateway';

/** What {@link GatewayCard.service} says, and the title of a gateway's process. */
export const GATEWAY_SERVICE = 'openclaw-gateway';

const PHASES = ['standby', 'starting', 'ready', 'draining'] as const satisfies readonly GatewayCard['phase'][];

/** In characters; the texts of a card are shown on one line of a terminal. */
const MAX_LENGTH = { name: 64, profile: 128, version: 64, url: 128, phase: 32, fleet: 63, host: 255 };
/** Process IDs have at most 32 bits, on Windows. */
const MAX_PID = 0xffff_ffff;
/** The last instant that a `Date` can hold. */
const MAX_TIME = 8.64e15;

// Escape sequences and direction marks could make a terminal show something else.
const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;
const GATEWAY_URL = /^ws:\/\/(?:\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:.]+(?:%25[\w.~-]+)?\]):\d{1,5}$/i;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * The card in the body of an answer. Keys that a later version may add are left out, and a phase that it may add is read
 * as `starting`: such a gateway is there, and not known to be of use yet. Never throws.
 *
 * @returns `undefined` for anything that is not a complete and plausible card
 */
export function parseCard(text: string): GatewayCard | undefined {
  const { service, pid, name, profile, version, phase, startedAt, url, instanceId, fleet } = jsonObject(text);
  if (
    service !== GATEWAY_SERVICE ||
    !isText(phase, PRINTABLE, MAX_LENGTH.phase) ||
    !isWholeNumber(pid, 1, MAX_PID) ||
    (name !== undefined && !isText(name, PRINTABLE, MAX_LENGTH.name)) ||
    !isText(profile, PRINTABLE, MAX_LENGTH.profile) ||
    !isText(version, PRINTABLE, MAX_LENGTH.version) ||
    !isWholeNumber(startedAt, 0, MAX_TIME) ||
    !isText(url, GATEWAY_URL, MAX_LENGTH.url) ||
    !isText(instanceId, UUID, Infinity)
  ) {
    return undefined;
  }
  const fleetOnCard = parseFleet(fleet);
  const knownPhase = PHASES.find((known) => known === phase);
  return {
    service,
    pid,
    ...(name !== undefined && { name }),
    profile,
    version,
    phase: knownPhase ?? 'starting',
    startedAt,
    url,
    instanceId,
    ...(fleetOnCard && { fleet: fleetOnCard }),
  };
}

/** Whether a card is not that of the process behind the port, which then passes on what another one answers. */
export function contradicts({ pid, pidsInNamespaces }: PortOwner, card: GatewayCard): boolean {
  return pid !== card.pid && !pidsInNamespaces.includes(card.pid);
}

/** What a card says of a fleet, or nothing where that is not plausible: the rest of the card is still of use. */
function parseFleet(value: unknown): FleetOnCard | undefined {
  const { name, role, token, active } = objectOf<FleetOnCard>(value);
  if (!isText(name, PRINTABLE, MAX_LENGTH.fleet) || (role !== 'active' && role !== 'standby')) return undefined;
  if (!isText(token, /^\d+$/, MAX_LENGTH.fleet)) return undefined;
  const { host, pid, url, since } = objectOf<NonNullable<FleetOnCard['active']>>(active);
  const isKnown =
    isText(host, PRINTABLE, MAX_LENGTH.host) &&
    isWholeNumber(pid, 1, MAX_PID) &&
    isWholeNumber(since, 0, MAX_TIME) &&
    (url === null || isText(url, PRINTABLE, MAX_LENGTH.host));
  return { name, role, token, active: isKnown ? { host, pid, url, since } : null };
}

function objectOf<T>(value: unknown): Partial<Record<keyof T, unknown>> {
  return typeof value === 'object' && value !== null ? value : {};
}

function jsonObject(text: string): Record<keyof GatewayCard, unknown> | Partial<Record<keyof GatewayCard, never>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Not JSON: not a card.
  }
  return {};
}

function isText(value: unknown, pattern: RegExp, maxLength: number): value is string {
  return typeof value === 'string' && value.length <= maxLength && pattern.test(value);
}
