import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';

import type { ConnectionEnds } from './caller.js';

/** proc_pid_net(5). A client of a dual-stack socket has its row in the table of IPv6. */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

/** The start of an IPv4 address that is mapped into IPv6 (RFC 4291, 2.5.5.2), in the words of the table. */
const MAPPED = [0, 0, 0xffff];

/**
 * Finds out which user of this machine is at the other end of a connection over loopback: the kernel notes the creator of
 * each socket. Tables are read one at a time and away from the event loop, since another user can make them long; every
 * question is answered from a table that was read after the question.
 */
export class SocketUsers {
  #reading: Promise<string> | undefined;
  #next: Promise<string> | undefined;

  /** @param read the tables of the kernel, one after the other */
  constructor(private readonly read: () => Promise<string> = readTables) {}

  /** `undefined` where the system does not say. */
  async uidOf(ends: ConnectionEnds): Promise<number | undefined> {
    return findUid(await this.#freshTables(), ends);
  }

  #freshTables(): Promise<string> {
    // A reading that has begun may already be past the row that is asked for.
    if (!this.#reading) return this.#begin();
    this.#next ??= this.#reading.then(() => {
      this.#next = undefined;
      return this.#begin();
    });
    return this.#next;
  }

  #begin(): Promise<string> {
    const reading = this.read().finally(() => {
      if (this.#reading === reading) this.#reading = undefined;
    });
    this.#reading = reading;
    return reading;
  }
}

/** Where there is no such table, nothing is known. */
async function readTables(): Promise<string> {
  const tables = await Promise.all(TABLES.map((table) => readFile(table, 'latin1').catch(() => '')));
  return tables.join('');
}

/**
 * The uid of the client's end, from its row `sl local remote st tx:rx tr:when retransmits uid timeout inode`. Only an
 * established socket (01) with an inode counts: the kernel shows uid 0 for one that its process has closed.
 */
export function findUid(tables: string, { remoteAddress, remotePort, localPort }: ConnectionEnds): number | undefined {
  const addresses = remoteAddress === undefined ? [] : formsOf(remoteAddress);
  const [client, server] = [remotePort, localPort].map((port = 0) => port.toString(16).toUpperCase().padStart(4, '0'));
  const row = new RegExp(
    `^ *\\d+: (?:${addresses.join('|')}):${client} [\\dA-F]+:${server} 01 \\S+ \\S+ \\S+ +(\\d+) +\\d+ +[1-9]`,
    'm',
  );
  const [, uid] = row.exec(tables) ?? [];
  return addresses.length === 0 || uid === undefined ? undefined : Number(uid);
}

/** A loopback address as the tables have it: 32-bit words in the byte order of the machine. */
function formsOf(address: string): string[] {
  const plain = address.replace(/^::ffff:(?=[\d.]+$)/i, '');
  if (plain === '::1') return [wordsOf([0, 0, 0, 1])];
  const [a = 0, b = 0, c = 0, d = 0] = plain.split('.').map(Number);
  const word = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  return [wordsOf([word]), wordsOf([...MAPPED, word])];
}

function wordsOf(words: readonly number[]): string {
  const bytes = Buffer.alloc(4 * words.length);
  words.forEach((word, index) => bytes.writeUInt32BE(word, 4 * index));
  if (endianness() === 'LE') bytes.swap32();
  return bytes.toString('hex').toUpperCase();
}
