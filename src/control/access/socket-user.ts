import { setImmediate as turn } from 'node:timers/promises';

import { pagesOf, TCP_TABLES } from '../../common/kernel-table.js';
import { readConnectionUsers, uidOf, type ConnectionEnds, type ConnectionUsers } from '../../holder/connection-user.js';

/**
 * Finds out which user of this machine is at the other end of a connection over loopback: the kernel notes the creator of
 * each socket. Tables are read one at a time, since another user can make them long, and in turns with all else; every
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

/** As long as all that is read of connections may take in a turn. */
const TURN_MS = 5;

/**
 * Not through the thread pool: each of the thousand small reads of a long table would wait for the event loop, and with
 * them the owner whose token is judged.
 */
async function readTables(): Promise<string> {
  const pages: string[] = [];
  let end = performance.now() + TURN_MS;
  for (const table of TCP_TABLES) {
    for (const page of pagesOf(table)) {
      pages.push(page);
      if (performance.now() < end) continue;
      await turn();
      end = performance.now() + TURN_MS;
    }
  }
  return pages.join('');
}
