import { closeSync, openSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { devNull } from 'node:os';

import { Logger } from '@nestjs/common';

import { isOutOfDescriptors } from '../common/descriptors.js';

/** How many descriptors no connection may have: the files of the gateway and of its modules need some. */
const KEPT_BACK = 32;
/** How many a gateway has open beside its connections; some twenty were counted. */
const OWN = 32;
const LOOK_EVERY_MS = 2_000;
const SAY_EVERY_MS = 60_000;
const WAY_OUT = 'raise the limit: LimitNOFILE= in the systemd unit, or `ulimit -n` before the start';

/**
 * Keeps some file descriptors free. A process that has none left resets each new connection without a word, since libuv
 * accepts and closes it: neither clients nor the operator would learn why.
 */
export class DescriptorReserve {
  readonly #logger = new Logger('Gateway');
  readonly #keptBack: number;
  #looking: NodeJS.Timeout | undefined;
  #saidAt = -Infinity;

  /** @param limit how many this process may have; `undefined` where that is not known */
  constructor(private readonly limit: number | undefined) {
    this.#keptBack = limit === undefined ? 0 : Math.min(KEPT_BACK, Math.floor(limit / 4));
  }

  /** How many WebSockets may be open, so that an operator's requests still find room beside them. */
  get mostClients(): number {
    return this.limit === undefined ? Infinity : Math.max(this.limit - OWN - 2 * this.#keptBack, 1);
  }

  /** Notices from now on when the process itself uses the last descriptor, for which no connection gives a sign. */
  watch(server: Server): void {
    server.once('listening', () => {
      this.#looking = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
    });
    server.once('close', () => clearInterval(this.#looking));
  }

  look(): void {
    try {
      closeSync(openSync(devNull, 'r'));
    } catch (error) {
      if (!isOutOfDescriptors(error)) return;
      this.#say(
        `no file descriptor is left (${String((error as NodeJS.ErrnoException).code)}): new connections are reset`,
      );
    }
  }

  /** How many connections have to go now that this one was accepted. Its descriptor is the lowest that was free (dup(2)). */
  excessWith(newest: Socket): number {
    if (this.limit === undefined) return 0;
    const { _handle: handle } = newest as Socket & { _handle?: { readonly fd?: number } | null };
    const excess = (handle?.fd ?? 0) + 1 - (this.limit - this.#keptBack);
    if (excess > 0) {
      this.#say(
        `of ${this.limit} file descriptors few are left: connections over which no client was let in are closed`,
      );
    }
    return Math.max(excess, 0);
  }

  #say(what: string): void {
    const now = performance.now();
    if (now - this.#saidAt < SAY_EVERY_MS) return;
    this.#saidAt = now;
    this.#logger.warn(`${what}; ${WAY_OUT}`);
  }
}
