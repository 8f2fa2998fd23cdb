import { BARE_WS, GATEWAY, STOCK, type Party, type ServerKind } from '../kit/party.js';

/** A server and a method of it. */
export interface Contender {
  readonly name: string;
  readonly server: ServerKind;
  readonly method: string;
}

const plain = (server: ServerKind): Contender => ({ name: server.name, server, method: 'echo' });
const safe = (server: ServerKind): Contender => ({ name: `${server.name}, guard and pipe`, server, method: 'safe' });

export const BARE_ECHO = plain(BARE_WS);
export const GATEWAY_ECHO = plain(GATEWAY);
export const GATEWAY_SAFE = safe(GATEWAY);
export const STOCK_ECHO = plain(STOCK);
export const STOCK_SAFE = safe(STOCK);

export const ALL_CONTENDERS: readonly Contender[] = [BARE_ECHO, GATEWAY_ECHO, GATEWAY_SAFE, STOCK_ECHO, STOCK_SAFE];

/** One sample of each contender for each round. */
export type Samples<Sample> = ReadonlyMap<Contender, readonly Sample[]>;

export function serversOf(contenders: readonly Contender[]): readonly ServerKind[] {
  return [...new Set(contenders.map(({ server }) => server))];
}

export function partyOf(kind: ServerKind, parties: readonly Party[]): Party {
  const party = parties.find((candidate) => candidate.kind === kind);
  if (party) return party;
  throw new Error(`${kind.name} was not started`);
}
