import { readFile } from 'node:fs/promises';

import { TCP_TABLES } from '../../common/kernel-table.js';
import { readConnectionUsers, uidOf, type ConnectionEnds, type ConnectionUsers } from '../../holder/connection-user.js';

/**
 * Finds out which user of this machine is at the other end of a connection over loopback: the kernel notes the creator of
 * each socket. Tables are read one at a time and away from the event loop, since another user can make them long; every
 * question is answered from a table that was read after the question.
 */
export class SocketUsers {
  #reading: Promise<ConnectionUsers> | undefined;
  #next: Promise<ConnectionUsers> | undefined;

  /** @param read the tables of the kernel, one after the other */
  constructor(private readonly read: () => Promise<string> = readTables) {}

  /** `undefined` where the system does not say. */
  async uidOf(ends: ConnectionEnds): Promise<number | undefined> {
    return uidOf(await this.#freshTables(), ends);
  }

  #freshTables(): Promise<ConnectionUsers> {
    // A reading that has begun may already be past the row that is asked for.
    if (!this.#reading) return this.#begin();
    this.#next ??= this.#reading.then(() => {
      this.#next = undefined;
      return this.#begin();
    });
    return this.#next;
  }

  #begin(): Promise<ConnectionUsers> {
    const reading = this.read()
      .then(readConnectionUsers)
      .finally(() => {
        if (this.#reading === reading) this.#reading = undefined;
      });
    this.#reading = reading;
    return reading;
  }
}

/** Where there is no such table, nothing is known. */
async function readTables(): Promise<string> {
  const tables = await Promise.all(TCP_TABLES.map((table) => readFile(table, 'latin1').catch(() => '')));
  return tables.join('');
}
