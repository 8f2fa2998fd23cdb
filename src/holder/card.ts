import type { GatewayCard } from '../listener/holder.js';

export type { GatewayCard };

/** Where every gateway answers with its {@link GatewayCard}, in every phase. */
export const CARD_PATH = '/.well-known/gateway';

/** What {@link GatewayCard.service} says, and the title of a gateway's process. */
export const GATEWAY_SERVICE = 'openclaw-gateway';

const PHASES = ['starting', 'ready', 'draining'] as const satisfies readonly GatewayCard['phase'][];

/** In characters; texts of a card are shown on one line of a terminal. */
const MAX_LENGTH = { profile: 128, version: 64, url: 128 };
/** The widest of the supported systems, Windows, has 32 bits. */
const MAX_PID = 0xffff_ffff;
/** The last instant that a `Date` can hold. */
const MAX_TIME = 8.64e15;

// Escape sequences and direction marks could make a terminal show something else.
const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;
const GATEWAY_URL = /^ws:\/\/(?:\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:.]+(?:%25[\w.~-]+)?\]):\d{1,5}$/i;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * The card in the body of an answer. Keys that a later version may add are left out.
 *
 * @returns `undefined` for anything that is not a complete and plausible card; never throws
 */
export function parseCard(text: string): GatewayCard | undefined {
  const { service, pid, profile, version, phase, startedAt, url, instanceId } = jsonObject(text);
  const knownPhase = PHASES.find((known) => known === phase);
  if (
    service !== GATEWAY_SERVICE ||
    !knownPhase ||
    !isWhole(pid, 1, MAX_PID) ||
    !isText(profile, PRINTABLE, MAX_LENGTH.profile) ||
    !isText(version, PRINTABLE, MAX_LENGTH.version) ||
    !isWhole(startedAt, 0, MAX_TIME) ||
    !isText(url, GATEWAY_URL, MAX_LENGTH.url) ||
    !isText(instanceId, UUID, Infinity)
  ) {
    return undefined;
  }
  return { service, pid, profile, version, phase: knownPhase, startedAt, url, instanceId };
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

function isWhole(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
}

function isText(value: unknown, pattern: RegExp, maxLength: number): value is string {
  return typeof value === 'string' && value.length <= maxLength && pattern.test(value);
}
