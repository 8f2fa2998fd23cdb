import { readFileSync } from 'node:fs';

import { InputError } from '../common/input.error.js';
import { isWholeNumber } from '../common/whole-number.js';
import { isLoopbackHost, MAX_PORT } from '../listener/listen-address.js';

/** How a connection to one server is encrypted; `false`: it is not. */
export type Encryption = false | { readonly rejectUnauthorized: boolean; readonly ca?: string };

/** A server of the database. */
export interface DatabaseHost {
  readonly host: string;
  readonly port: number;
  readonly encryption: Encryption;
}

/** What a database URL says. */
export interface Database {
  /** Each is tried in turn: one of them is the primary. */
  readonly hosts: readonly DatabaseHost[];
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  /** `user@host:port/database`: all of it that may be shown. */
  readonly shown: string;
}

const FORM = 'postgres://user:password@host:5432/database';
// The password ends at the last @, since people forget to encode one.
const URL_PARTS =
  /^postgres(?:ql)?:\/\/(?:(?<user>[^:@/?]*)(?::(?<password>.*))?@)?(?<hosts>[^@/?]+)\/(?<database>[^/?]+)(?:\?(?<query>.*))?$/;
const HOST_PARTS = /^(?:\[(?<ipv6>[\da-f:.]+)\]|(?<name>[^:[\]]+))(?::(?<port>\d{1,5}))?$/i;
const DEFAULT_PORT = 5_432;

/**
 * Reads a database URL. Nothing else counts: no `PGHOST`, no `PGPASSWORD`, no file in the home of the user.
 *
 * @param source the place that the URL comes from, for errors, which never show the URL: it has a password in it
 * @throws {InputError} it cannot be used
 */
export function parseDatabaseUrl(source: string, url: string): Database {
  const parts = URL_PARTS.exec(url)?.groups;
  if (!parts) throw new InputError(`${source}: this is no database URL: give ${FORM}`);
  const user = decode(source, parts['user'] ?? '');
  const database = decode(source, parts['database'] ?? '');
  const password = parts['password'] === undefined ? undefined : decode(source, parts['password']);
  if (user === '') throw new InputError(`${source}: the URL names no user: give ${FORM}`);
  const query = new URLSearchParams(parts['query'] ?? '');
  for (const name of query.keys()) {
    if (name !== 'sslmode' && name !== 'sslrootcert') {
      throw new InputError(
        `${source}: ${JSON.stringify(name)} is not known: give sslmode or sslrootcert, or leave it out`,
      );
    }
  }
  const hosts = (parts['hosts'] ?? '').split(',').map((one) => parseHost(source, one, query));
  const shown = `${user}@${hosts.map(({ host, port }) => `${host}:${port}`).join(',')}/${database}`;
  return { hosts, user, password, database, shown };
}

function parseHost(source: string, text: string, query: URLSearchParams): DatabaseHost {
  const { ipv6, name, port: digits } = HOST_PARTS.exec(text)?.groups ?? {};
  const host = ipv6 ?? name;
  const port = digits === undefined ? DEFAULT_PORT : Number(digits);
  if (host === undefined || !isWholeNumber(port, 1, MAX_PORT)) {
    throw new InputError(`${source}: ${JSON.stringify(text)} is not a host with a port: give host:5432, or [::1]:5432`);
  }
  return { host, port, encryption: encryptionFor(source, host, query) };
}

/** Off loopback others may listen, or answer in the place of the server: only who writes so goes without. */
function encryptionFor(source: string, host: string, query: URLSearchParams): Encryption {
  const mode = query.get('sslmode') ?? (isLoopbackHost(host) && !query.has('sslrootcert') ? 'disable' : 'verify-full');
  const file = query.get('sslrootcert');
  const ca = file === null ? {} : { ca: readCertificate(source, file) };
  switch (mode) {
    case 'disable':
      return false;
    case 'no-verify':
      return { rejectUnauthorized: false };
    case 'require':
    case 'verify-full':
      return { rejectUnauthorized: true, ...ca };
    default:
      throw new InputError(
        `${source}: sslmode=${JSON.stringify(mode)} is not known: give verify-full, require (the same), no-verify or disable`,
      );
  }
}

function readCertificate(source: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError(`${source}: sslrootcert: ${(error as Error).message}`);
  }
}

function decode(source: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new InputError(`${source}: a % in the URL is followed by no number: write %25 for it`);
  }
}
