import { ENDS, type End } from '../takeover/contenders.js';
import { maxOpenFiles } from './open-files.js';

/** What the parts can be told, each by a flag of the same name. */
export interface Options {
  readonly rounds: number;
  readonly chains: number;
  /** How long one server is measured, in all rounds together. */
  readonly seconds: number;
  readonly minutes: number;
  readonly connections: readonly number[];
  readonly clients: readonly number[];
  readonly window: number;
  readonly ends: readonly End[];
  readonly standbys: readonly number[];
  readonly profiles: readonly number[];
  readonly fleets: number;
}

export type FlagName = keyof Options;

interface Flag<Value> {
  readonly about: string;
  /** @throws {TypeError} a message that names the value, the rule and the way out */
  read(text: string): Value;
}

const MAX_ROUNDS = 1_000_000;
const MAX_SECONDS = 600;
const MAX_MINUTES = 1_440;
/** As many requests as a gateway lets one client have running. */
const MAX_WINDOW = 256;
/** As many as the gateway lets in by default. */
const MAX_CONNECTIONS = 16_000;
/** For whatever else a process has open. */
const SPARE_FILES = 500;
/** As many as a gateway lets watch it; further ones poll. */
const MAX_STANDBYS = 64;
const MAX_PROFILES = 250;
/** Each has three sessions, which take a megabyte of their server. */
const MAX_FLEETS = 1_000;

export const FLAGS: { readonly [Name in FlagName]: Flag<Options[Name]> } = {
  rounds: count('rounds', 'rounds of each figure', MAX_ROUNDS),
  chains: count('chains', 'rounds of leases in one process', MAX_ROUNDS),
  seconds: count('seconds', 'seconds that a figure is measured for, in all its rounds', MAX_SECONDS),
  minutes: count('minutes', 'minutes that it goes on for', MAX_MINUTES),
  connections: counts('connections', 'how many connections ask at the same time', mostConnections),
  clients: counts('clients', 'how many clients are connected', mostConnections),
  window: count('window', 'requests of one connection that wait for their answers', MAX_WINDOW),
  ends: {
    about: `how the holder ends, of ${ENDS.join(',')}`,
    read: (text) => list(text).map(readEnd),
  },
  standbys: counts('standbys', 'how many wait for the port', () => MAX_STANDBYS),
  profiles: counts('profiles', 'how many gateways run on this host', () => MAX_PROFILES),
  fleets: count('fleets', 'how many fleets share one database', MAX_FLEETS),
};

/** The sizes that a part measures by default, as far as this host lets one process have so many connections. */
export function asFarAsPossible(sizes: readonly number[]): string {
  const most = mostConnections();
  return sizes.filter((size) => size <= most).join(',');
}

function mostConnections(): number {
  return Math.min(MAX_CONNECTIONS, maxOpenFiles() - SPARE_FILES);
}

function count(flag: FlagName, about: string, most: number): Flag<number> {
  return { about, read: (text) => readCount(flag, text, most) };
}

function counts(flag: FlagName, about: string, most: () => number): Flag<number[]> {
  return {
    about: `${about}; several with commas`,
    read: (text) => list(text).map((one) => readCount(flag, one, most())),
  };
}

function readCount(flag: FlagName, text: string, most: number): number {
  const value = /^[1-9][0-9]{0,15}$/.test(text) ? Number(text) : NaN;
  if (value <= most) return value;
  throw new TypeError(
    `--${flag}: ${JSON.stringify(text)} is not a number of ${flag}; give a whole number from 1 to ${most}, or leave it out`,
  );
}

function readEnd(text: string): End {
  const end = ENDS.find((known) => known === text);
  if (end) return end;
  throw new TypeError(
    `--ends: ${JSON.stringify(text)} is not an end of a holder; give some of ${ENDS.join(',')}, or leave it out`,
  );
}

function list(text: string): string[] {
  return [...new Set(text.split(','))];
}
